// What each flag does with the rows that are selected.

package cli

import (
	"fmt"
	"strings"

	"entrypoint/query"
)

func (s *session) run() (int, error) {
	if s.options.schema {
		return Done, s.printSchema()
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
	}
	return s.list(rows, criteria)
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
