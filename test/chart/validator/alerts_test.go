package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"sigs.k8s.io/yaml"
)

// The series of a healthy hour: one call per second, all fresh, and every counter present from the start.
const well = `
load 1m
  greenpin_build_info{namespace="NAMESPACE", job="JOB", pod="a", version="1"} 1x60
  greenpin_calls_total{namespace="NAMESPACE", job="JOB", pod="a", outcome="fresh"} 0+60x60
  greenpin_calls_total{namespace="NAMESPACE", job="JOB", pod="a", outcome="forbidden"} 0x60
  greenpin_calls_total{namespace="NAMESPACE", job="JOB", pod="a", outcome="upstream_failed"} 0x60
  greenpin_stale_answers_total{namespace="NAMESPACE", job="JOB", pod="a"} 0x60
  greenpin_store_up{namespace="NAMESPACE", job="JOB", pod="a"} 1x60
  greenpin_quota_remaining{namespace="NAMESPACE", job="JOB", pod="a", ci="github"} 4000x60
  greenpin_quota_limit{namespace="NAMESPACE", job="JOB", pod="a", ci="github"} 5000x60
  greenpin_fresh_for_seconds{namespace="NAMESPACE", job="JOB", pod="a", ci="github"} 15x60
  greenpin_upstream_requests_total{namespace="NAMESPACE", job="JOB", pod="a", host="ghcr.io", status="200"} 0+60x60
  greenpin_upstream_requests_total{namespace="NAMESPACE", job="JOB", pod="a", host="ghcr.io", status="401"} 0+60x60
  greenpin_upstream_requests_total{namespace="NAMESPACE", job="JOB", pod="a", host="ghcr.io", status="unreachable"} 0+1x60
  greenpin_call_duration_seconds_bucket{namespace="NAMESPACE", job="JOB", pod="a", le="0.1"} 0+60x60
  greenpin_call_duration_seconds_bucket{namespace="NAMESPACE", job="JOB", pod="a", le="20"} 0+60x60
  greenpin_call_duration_seconds_bucket{namespace="NAMESPACE", job="JOB", pod="a", le="+Inf"} 0+60x60
  kube_deployment_status_replicas_available{namespace="NAMESPACE", deployment="DEPLOYMENT"} 1x60
`

// Replaced series for which an alert must fire: the beginning of a line above, and its new values.
var ill = map[string][2]string{
	"GreenpinAbsent":             {`greenpin_build_info{`, `_x60`},
	"GreenpinNotReady":           {`kube_deployment`, `0x60`},
	"GreenpinCallsFail":          {`outcome="upstream_failed"}`, `0+1x60`},
	"GreenpinTokenRefused":       {`outcome="forbidden"}`, `0+1x60`},
	"GreenpinAnswersStale":       {`greenpin_stale_answers_total{`, `0+1x60`},
	"GreenpinStoreDown":          {`greenpin_store_up{`, `0x60`},
	"GreenpinQuotaLow":           {`greenpin_quota_remaining{`, `400x60`},
	"GreenpinFreshnessStretched": {`greenpin_fresh_for_seconds{`, `60x60`},
	"GreenpinUpstreamErrors":     {`status="unreachable"}`, `0+60x60`},
	"GreenpinSlow":               {`le="0.1"}`, `0x60`},
}

func TestEachAlertFiresWhenItShouldAndOnlyThen(t *testing.T) {
	for name, alert := range readAlerts(t) {
		expression := alert.Expr
		_, known := ill[name]
		if !known {
			t.Errorf("%s: nothing is known that should make it fire", name)
			continue
		}
		if fires(t, well, expression) {
			t.Errorf("%s fires while all is well", name)
		}
		for other, change := range ill {
			if fired := fires(t, spoil(t, change), expression); fired != (other == name) {
				t.Errorf("%s in what %s is for: fires is %v", name, other, fired)
			}
		}
	}
}

type alert struct{ Alert, Expr, For string }

func readAlerts(t *testing.T) map[string]alert {
	t.Helper()
	text, err := os.ReadFile("../../../charts/greenpin/files/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("LATE", "30", "SLOW", "10").Replace(string(text))
	var alerts []alert
	if err := yaml.Unmarshal([]byte(filled), &alerts); err != nil {
		t.Fatal(err)
	}
	byName := map[string]alert{}
	for _, each := range alerts {
		byName[each.Alert] = each
	}
	if len(byName) != len(ill) {
		t.Fatalf("found %d alerts, expected %d", len(byName), len(ill))
	}
	return byName
}

// spoil replaces the values of the only line that contains the text.
func spoil(t *testing.T, change [2]string) string {
	t.Helper()
	lines := strings.Split(well, "\n")
	changed := 0
	for i, line := range lines {
		if strings.Contains(line, change[0]) {
			lines[i] = line[:strings.LastIndex(line, "} ")+2] + change[1]
			changed++
		}
	}
	if changed != 1 {
		t.Fatalf("found %d lines with %s, expected one", changed, change[0])
	}
	return strings.Join(lines, "\n")
}

func fires(t *testing.T, series, expression string) bool {
	t.Helper()
	storage := promqltest.LoadedStorage(t, series)
	defer storage.Close()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 10_000, Timeout: 10 * time.Second})
	query, err := engine.NewInstantQuery(context.Background(), storage, nil, expression, time.Unix(0, 0).Add(50*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	vector, is := result.Value.(promql.Vector)
	return is && result.Value.Type() == parser.ValueTypeVector && len(vector) > 0
}
