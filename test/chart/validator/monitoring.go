package main

import (
	"encoding/json"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// judgeMonitoring decodes an object with the Prometheus operator's types.
func judgeMonitoring(c chapter, kind string, document []byte) {
	switch kind {
	case "ServiceMonitor":
		var monitor monitoringv1.ServiceMonitor
		if err := yaml.UnmarshalStrict(document, &monitor); err != nil {
			c.problem("%v", err)
		}
	case "PrometheusRule":
		var rule monitoringv1.PrometheusRule
		if err := yaml.UnmarshalStrict(document, &rule); err != nil {
			c.problem("%v", err)
			return
		}
		judgeRules(c, rule.Spec)
	default:
		c.problem("a kind that is not judged")
	}
}

// judgeRules parses the groups with Prometheus' rule parser: expressions, durations, labels, and templates in
// annotations.
func judgeRules(c chapter, spec monitoringv1.PrometheusRuleSpec) {
	file, err := json.Marshal(map[string]any{"groups": spec.Groups})
	if err != nil {
		c.problem("%v", err)
		return
	}
	_, problems := rulefmt.Parse(file, false, model.UTF8Validation)
	for _, problem := range problems {
		c.problem("%v", problem)
	}
	for _, group := range spec.Groups {
		for _, rule := range group.Rules {
			judgeExpression(c.of(rule.Alert), rule.Expr.String())
		}
	}
}

// judgeExpression parses PromQL and records the metrics that it uses.
func judgeExpression(c chapter, expression string) {
	parsed, err := parser.ParseExpr(expression)
	if err != nil {
		c.problem("%v", err)
		return
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, is := node.(*parser.VectorSelector); is {
			c.metrics[metricOf(selector)] = true
		}
		return nil
	})
}

func metricOf(selector *parser.VectorSelector) string {
	for _, matcher := range selector.LabelMatchers {
		if matcher.Name == model.MetricNameLabel && matcher.Type == labels.MatchEqual {
			return matcher.Value
		}
	}
	return selector.String()
}
