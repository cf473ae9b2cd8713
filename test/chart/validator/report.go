package main

import (
	"fmt"
	"maps"
	"slices"
)

// A report collects the problems of all files.
type report struct {
	problems []string
	metrics  map[string]bool
	kinds    map[string]bool
}

func newReport() *report {
	return &report{problems: []string{}, metrics: map[string]bool{}, kinds: map[string]bool{}}
}

// A chapter is the part of a report about one file, or about one object in it.
type chapter struct {
	*report
	place string
}

func (r *report) of(place string) chapter { return chapter{r, place} }

func (c chapter) of(place string) chapter { return chapter{c.report, c.place + " " + place} }

func (c chapter) problem(format string, values ...any) {
	c.problems = append(c.problems, c.place+": "+fmt.Sprintf(format, values...))
}

func (r *report) answer() answer {
	return answer{
		Problems: r.problems,
		Metrics:  slices.Sorted(maps.Keys(r.metrics)),
		Kinds:    slices.Sorted(maps.Keys(r.kinds)),
	}
}
