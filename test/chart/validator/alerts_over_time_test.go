package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

const (
	scrape = 30 * time.Second
	hour   = time.Hour
)

// Minutes of an hour at which calls fail, and whether the alert must fire.
var failures = []struct {
	name    string
	minutes []float64
	wakes   bool
}{
	{"none", nil, false},
	{"one", []float64{10}, false},
	{"a minute of them", []float64{10, 10.5, 11}, false},
	{"two, by Argo CD's retry", []float64{10, 13}, false},
	{"two, as far apart as one window reaches", []float64{10, 14.5}, false},
	{"two, apart", []float64{10, 30}, false},
	{"one each 3 minutes, by Argo CD's retry", []float64{10, 13, 16, 19, 22, 25, 28}, true},
	{"one each half minute for a quarter of an hour", every(10, 25, 0.5), true},
}

func TestFailuresThatAreOverWakeNobodyAndThoseThatGoOnDo(t *testing.T) {
	for name, outcome := range map[string]string{"GreenpinCallsFail": "upstream_failed", "GreenpinTokenRefused": "forbidden"} {
		alert := readAlerts(t)[name]
		for _, each := range failures {
			// A scrape can happen at any time between two calls; intervals of 30 and 60 s are common.
			for _, interval := range []time.Duration{scrape, 2 * scrape} {
				for _, offset := range []float64{0, 0.2, 0.4} {
					series := counter(outcome, each.minutes, interval, offset)
					if fired := firesOverTime(t, alert, series); fired != each.wakes {
						t.Errorf("%s, failed calls: %s, scraped each %s, %v min later: fires is %v", name, each.name, interval, offset, fired)
					}
				}
			}
		}
	}
}

// counter is the series that scrapes see if calls have this outcome at these minutes.
func counter(outcome string, minutes []float64, interval time.Duration, offset float64) string {
	values := []string{}
	for at := time.Duration(0); at <= hour; at += interval {
		count := 0
		for _, minute := range minutes {
			if minute+offset <= at.Minutes() {
				count++
			}
		}
		values = append(values, fmt.Sprint(count))
	}
	return fmt.Sprintf("load %s\n  greenpin_calls_total{namespace=\"NAMESPACE\", job=\"JOB\", pod=\"a\", outcome=%q} %s\n",
		interval, outcome, strings.Join(values, " "))
}

func every(from, to, step float64) []float64 {
	minutes := []float64{}
	for minute := from; minute <= to; minute += step {
		minutes = append(minutes, minute)
	}
	return minutes
}

// firesOverTime evaluates the alert, including its `for`, every 30 s for an hour, as Prometheus does.
func firesOverTime(t *testing.T, alert alert, series string) bool {
	t.Helper()
	storage := promqltest.LoadedStorage(t, series)
	defer storage.Close()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 10_000, Timeout: 10 * time.Second})
	defer engine.Close()
	expression, err := parser.ParseExpr(alert.Expr)
	if err != nil {
		t.Fatal(err)
	}
	hold, err := model.ParseDuration(alert.For)
	if err != nil {
		t.Fatal(err)
	}
	none := labels.EmptyLabels()
	rule := rules.NewAlertingRule(alert.Alert, expression, time.Duration(hold), 0, none, none, none, "", true, slog.Default())
	query := rules.EngineQueryFunc(engine, storage)
	for at := time.Duration(0); at <= hour; at += scrape {
		if _, err := rule.Eval(context.Background(), 0, time.Unix(0, 0).Add(at), query, nil, 0); err != nil {
			t.Fatal(err)
		}
		if rule.State() == rules.StateFiring {
			return true
		}
	}
	return false
}
