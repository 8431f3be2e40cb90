// The rows that the flags select, and work on their files.

package cli

import (
	"context"
	"os/signal"
	"syscall"

	"entrypoint/files"
	"entrypoint/query"
)

// Given reports whether a flag was given.
func (s *Session) Given(name string) bool { return s.options.given[name] }

// Flag returns the value of a flag as text.
func (s *Session) Flag(name string) string { return s.options.flags.Lookup(name).Value.String() }

// Rows returns the rows that the flags select, or an error if the flags name an unknown field.
func (s *Session) Rows() (*query.Selection, error) {
	o := s.options
	s.criteria = query.Criteria{
		Get: o.get, Search: o.search, Searching: o.given["search"], Descending: o.desc, Limit: o.limit, Offset: o.offset,
		IgnoreCase: o.ignoreCase,
	}
	if o.given["metric"] {
		metric, err := query.Find(query.FieldColumns(s.Index), "metric", o.metric)
		if err != nil {
			return nil, Usagef("%s", err)
		}
		s.criteria.Metric = metric.Field
	}
	if o.given["where"] {
		where, err := query.ParseWhere(o.where, s.Index, o.ignoreCase)
		if err != nil {
			return nil, err
		}
		s.criteria.Where = where
	}
	return query.Select(s.Index, s.criteria), nil
}

// Matched returns the exit status: NoMatch if the flags are a query and `any` is false, otherwise Done.
func (s *Session) Matched(any bool) int {
	if s.criteria.Query() && !any {
		return NoMatch
	}
	return Done
}

// Job returns the job for the files of the rows.
func (s *Session) Job(rows *query.Selection) files.Job {
	all := !s.criteria.Query() && !rows.Limited()
	return files.Job{Index: s.Index, Rows: rows.All(), All: all, Out: s.Out, Messages: s.Messages}
}

// Work calls `do` with the files of the selected rows; SIGINT, SIGTERM and the end of a request cancel its context. The exit
// status is Done if `do` finds no differences.
func (s *Session) Work(do func(context.Context, files.Job) (differences int, err error)) (int, error) {
	rows, err := s.Rows()
	if err != nil {
		return WrongUsage, err
	}
	if s.criteria.Query() && rows.Count() == 0 {
		return NoMatch, nil
	}
	ctx, stop := signal.NotifyContext(s.context, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	differences, err := do(ctx, s.Job(rows))
	if differences > 0 {
		return NoMatch, err
	}
	return Done, err
}
