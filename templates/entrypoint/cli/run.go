// What each flag does with the rows that are selected.

package cli

import (
	"context"
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"entrypoint/files"
	"entrypoint/query"
)

func (s *session) run() (int, error) {
	switch {
	case s.options.schema:
		return Done, s.printSchema()
	case s.options.given["cat"]:
		return Done, files.Cat(s.stdout, s.ix, s.options.cat)
	}
	criteria, err := s.criteria()
	if err != nil {
		return WrongUsage, err
	}
	rows := query.Select(s.ix, criteria)
	switch o := s.options; {
	case o.command != nil:
		return o.command.Run(s.out, s.ix, rows)
	case o.count:
		return s.printCount(rows, criteria.Query())
	case o.tree:
		found, err := files.Tree(s.job(rows, criteria))
		return matched(found > 0, criteria.Query()), err
	case o.verify, o.selfCheck, o.given["export"]:
		if criteria.Query() && rows.Count() == 0 {
			return NoMatch, nil
		}
		return s.work(s.job(rows, criteria))
	}
	return s.list(rows, criteria)
}

// job gives the files of the selected rows.
func (s *session) job(rows *query.Selection, criteria query.Criteria) files.Job {
	all := !criteria.Query() && !rows.Limited()
	return files.Job{Index: s.ix, Rows: rows.All(), All: all, Out: s.out, Messages: s.messages}
}

// work checks or copies files; SIGINT and SIGTERM end it in order.
func (s *session) work(job files.Job) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if s.options.given["export"] {
		return s.export(ctx, job)
	}
	check := files.Verify
	if s.options.selfCheck {
		check = files.SelfCheck
	}
	differences, err := check(ctx, job)
	return matched(differences == 0, true), err
}

func (s *session) export(ctx context.Context, job files.Job) (int, error) {
	_, err := files.Export(ctx, job, s.options.export)
	return Done, err
}

// criteria gives what the flags choose.
func (s *session) criteria() (query.Criteria, error) {
	o := s.options
	criteria := query.Criteria{
		Get: o.get, Search: o.search, Searching: o.given["search"], Descending: o.desc, Limit: o.limit,
	}
	if o.given["metric"] {
		criteria.Metric = s.ix.Field(o.metric)
		if criteria.Metric == nil {
			return criteria, usagef("unknown metric %q: the metrics are %s", o.metric, strings.Join(s.metrics(), ", "))
		}
	}
	if !o.given["where"] {
		return criteria, nil
	}
	where, err := query.ParseWhere(o.where, s.ix)
	criteria.Where = where
	return criteria, err
}

func (s *session) metrics() []string {
	var names []string
	for _, field := range s.ix.Fields {
		names = append(names, field.Name)
	}
	return names
}

func (s *session) printCount(rows *query.Selection, asked bool) (int, error) {
	count := rows.Count()
	_, err := fmt.Fprintln(s.out, count)
	return matched(count > 0, asked), err
}

// matched is the exit status of a query, or of what is none.
func matched(any, asked bool) int {
	if asked && !any {
		return NoMatch
	}
	return Done
}
