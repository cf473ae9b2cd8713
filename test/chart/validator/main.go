// Command validator validates what the chart renders with the code that a cluster uses: Kubernetes' decoding,
// defaulting and validation, the Pod Security Standards' evaluator, the Prometheus operator's types, and
// Prometheus' parser.
//
// It reads one JSON object {"manifests": {NAME: YAML}, "expressions": {NAME: PromQL}} and prints one with the
// problems (sorted lines that begin with the name) and the names of the metrics that alerts and expressions
// use.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

type question struct {
	Manifests   map[string]string `json:"manifests"`
	Expressions map[string]string `json:"expressions"`
}

type answer struct {
	Problems []string `json:"problems"`
	Metrics  []string `json:"metrics"`
	// Kinds of the validated objects, so that a test can check that none was left out.
	Kinds []string `json:"kinds"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var asked question
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return fmt.Errorf("read the question: %w", err)
	}
	report := newReport()
	for _, name := range slices.Sorted(maps.Keys(asked.Manifests)) {
		judgeManifest(report.of(name), asked.Manifests[name])
	}
	for _, name := range slices.Sorted(maps.Keys(asked.Expressions)) {
		judgeExpression(report.of(name), asked.Expressions[name])
	}
	return json.NewEncoder(out).Encode(report.answer())
}
