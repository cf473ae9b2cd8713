package argocd

import (
	"strings"
	"testing"
)

// inBothWays runs a test with the documented example, with and without goTemplate.
func inBothWays(t *testing.T, test func(t *testing.T, file string)) {
	t.Helper()
	t.Parallel()
	for _, file := range []string{"previews.yaml", "previews-plain.yaml"} {
		t.Run(file, func(t *testing.T) { test(t, file) })
	}
}

// documented deploys the documented example with two pull requests, and returns their builds.
func documented(t *testing.T, file string) (w *world, one, two built) {
	t.Helper()
	return documentedWith(t, file, "20s")
}

// documentedWith does the same with another server.deadline.
func documentedWith(t *testing.T, file, deadline string) (w *world, one, two built) {
	t.Helper()
	t.Parallel()
	w = newWorld(t, file, deadline)
	one, two = w.shop("one", nil), w.shop("two", nil)
	w.open("acme/shop", 1, "one", one.Commit)
	w.open("acme/shop", 2, "two", two.Commit)
	w.expect(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(two)})
	return w, one, two
}

func TestDocumentedExampleYieldsTwoApplicationsWithTheDigestsThatCIBuilt(t *testing.T) {
	inBothWays(t, func(t *testing.T, file string) {
		w, one, _ := documented(t, file)
		application := w.cluster.applications()["shop-pr-1"]
		equal(t, "the manifests' revision", application.Spec.GetSource().TargetRevision, one.Commit)
	})
}

func TestNewGreenBuildMovesItsApplicationAndNoOther(t *testing.T) {
	inBothWays(t, func(t *testing.T, file string) {
		w, _, two := documented(t, file)
		before := w.cluster.versions()
		newer := w.shop("one", nil)
		w.change("acme/shop", 1, fields{"sha": newer.Commit})
		w.await(pins{"shop-pr-1": w.shopPinned(newer), "shop-pr-2": w.shopPinned(two)})
		equal(t, "the other's version", w.cluster.versions()["shop-pr-2"], before["shop-pr-2"])
	})
}

func TestRedBuildMovesNothing(t *testing.T) {
	inBothWays(t, func(t *testing.T, file string) {
		w, _, two := documented(t, file)
		w.change("acme/shop", 1, fields{"sha": w.shop("one", red).Commit})
		equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
		green := w.shop("one", nil)
		w.await(pins{"shop-pr-1": w.shopPinned(green), "shop-pr-2": w.shopPinned(two)})
	})
}

func TestPullRequestWithoutBuildYieldsNoApplicationAndDisturbsNobody(t *testing.T) {
	inBothWays(t, func(t *testing.T, file string) {
		w, one, two := documented(t, file)
		w.open("acme/shop", 3, "three", one.Commit)
		w.open("acme/shop", 4, "four", w.shop("four", red).Commit)
		equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
		three := w.shop("three", nil)
		w.await(pins{
			"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(two), "shop-pr-3": w.shopPinned(three),
		})
	})
}

func TestClosedPullRequestsApplicationIsRemovedAndNoOther(t *testing.T) {
	inBothWays(t, func(t *testing.T, file string) {
		w, _, two := documented(t, file)
		before := w.cluster.versions()
		w.change("acme/shop", 1, fields{"state": "closed"})
		w.expect(pins{"shop-pr-2": w.shopPinned(two)})
		equal(t, "the other's version", w.cluster.versions()["shop-pr-2"], before["shop-pr-2"])
	})
}

func TestForkWithOurBranchsNameGetsNothing(t *testing.T) {
	inBothWays(t, func(t *testing.T, file string) {
		w, _, _ := documented(t, file)
		w.shop("main", nil)
		for number, branch := range map[int]string{7: "one", 8: "main"} {
			change := fields{"ref": branch, "sha": "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"}
			w.github.tell("openPullRequest", fields{
				"repository": "acme/shop", "number": number, "fork": true, "change": change,
			}, nil)
		}
		equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
	})
}

// The template in Argo CD's documentation is invalid in Go, which no plugin can change.
func TestDocumentedExampleAsArgoCDPrintsItFailsInArgoCDItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "documented.yaml", "20s")
	set := w.cluster.applicationSet()
	set.Spec.Template.Spec.Info[0].Value = "{{values.branchLink}}"
	must(t, w.cluster.client.Update(t.Context(), &set))
	one := w.shop("one", nil)
	w.open("acme/shop", 1, "one", one.Commit)
	w.cluster.reconcile()
	equal(t, "whose failure it is", strings.HasPrefix(w.cluster.failure(), "failed to execute go template {{values.branchLink}}: "), true)
	equal(t, "how many Applications there are", len(w.cluster.applications()), 0)
}
