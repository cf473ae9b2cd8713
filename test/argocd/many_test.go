package argocd

import (
	"fmt"
	"testing"
	"time"
)

const many = 200

func TestTwoHundredPullRequestsInOneReconcile(t *testing.T) {
	w := newWorld(t, "previews.yaml", "20s")
	var branches []string
	for number := 1; number <= many; number++ {
		branches = append(branches, fmt.Sprintf("branch-%d", number))
	}
	want := pins{}
	for i, b := range w.push("acme/shop", branches, nil, "acme/shop-front", "acme/shop-back") {
		w.open("acme/shop", i+1, branches[i], b.Commit)
		want[fmt.Sprintf("shop-pr-%d", i+1)] = w.shopPinned(b)
	}
	cold := timed(func() { w.expect(want) })
	before := w.cluster.versions()
	warm := timed(func() { w.expect(want) })
	equal(t, "the Applications' versions", w.cluster.versions(), before)
	fmt.Printf("%d pull requests in one reconcile: %s at first, %s when nothing is new\n", many, cold, warm)
}

func timed(run func()) time.Duration {
	start := time.Now()
	run()
	return time.Since(start).Round(time.Millisecond)
}
