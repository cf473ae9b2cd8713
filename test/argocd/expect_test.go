package argocd

import (
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
)

// pins has an Application's images as they would be deployed.
type pins map[string][]string

// valueImages finds images in Helm's values.
var valueImages = regexp.MustCompile(`(?m)^ +image: (\S+)$`)

// imagesOf reads them where the examples put them: from Kustomize's images, Helm's parameters, or its values.
func imagesOf(application argo.Application) (images []string) {
	source := application.Spec.GetSource()
	if source.Kustomize != nil {
		for _, image := range source.Kustomize.Images {
			images = append(images, string(image))
		}
	}
	if source.Helm != nil {
		for _, parameter := range source.Helm.Parameters {
			images = append(images, parameter.Value)
		}
		for _, found := range valueImages.FindAllStringSubmatch(source.Helm.Values, -1) {
			images = append(images, found[1])
		}
	}
	return images
}

func (c *cluster) pins() pins {
	c.t.Helper()
	all := pins{}
	for name, application := range c.applications() {
		all[name] = imagesOf(application)
	}
	return all
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if difference := cmp.Diff(want, got); difference != "" {
		t.Fatalf("%s (- expected, + found):\n%s", what, difference)
	}
}

// settle reconciles once. None of those that are wanted may be deleted, not even to come back.
func (w *world) settle(want pins) {
	w.t.Helper()
	w.cluster.reconcile()
	for name, application := range w.cluster.applications() {
		if _, wanted := want[name]; wanted && application.DeletionTimestamp != nil {
			w.t.Fatalf("%s is being deleted", name)
		}
	}
	w.cluster.sweep()
}

// expect reconciles once: the Applications must be these, with these images, and the ApplicationSet without an error.
func (w *world) expect(want pins) {
	w.t.Helper()
	w.settle(want)
	equal(w.t, "the failure", w.cluster.failure(), "")
	equal(w.t, "the Applications", w.cluster.pins(), want)
}

// await reconciles until the Applications are these, and the ApplicationSet without an error.
func (w *world) await(want pins) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("the Applications %v", want), func() bool {
		w.settle(want)
		return w.cluster.failure() == "" && cmp.Equal(w.cluster.pins(), want)
	})
}

const rounds = 10

// expectHeld reconciles ten times and more: nothing may be written to any Application, the failure must be the same each time,
// and be written once. Afterwards `enough` must hold, such as that Greenpin has noticed.
// It returns the failure; empty when there was none.
func (w *world) expectHeld(enough func() bool) string {
	w.t.Helper()
	before := w.cluster.versions()
	w.cluster.reconcile()
	first := w.cluster.applicationSet()
	failure := w.cluster.failure()
	round := 1
	eventually(w.t, "that the fault is noticed", func() bool {
		result := w.cluster.reconcile()
		round++
		set := w.cluster.applicationSet()
		equal(w.t, "the conditions", set.Status.Conditions, first.Status.Conditions)
		if failure != "" {
			equal(w.t, "the time to the next try", result.RequeueAfter, controllers.ReconcileRequeueOnValidationError)
			equal(w.t, "the ApplicationSet's version", set.ResourceVersion, first.ResourceVersion)
		}
		equal(w.t, "the Applications' versions", w.cluster.versions(), before)
		return enough() && round > rounds
	})
	return failure
}

// askedAgain tells whether Greenpin has turned to the host two times more since now: the second time, all that the test did before
// is known, and a pause after a failure is over.
func (w *world) askedAgain(host string) func() bool {
	w.t.Helper()
	last, times := w.greenpin.asked(host), 0
	return func() bool {
		if count := w.greenpin.asked(host); count > last {
			last = count
			times++
		}
		return times >= 2
	}
}

// githubHost is GitHub's in Greenpin's metrics.
func (w *world) githubHost() string {
	w.t.Helper()
	address, err := url.Parse(w.github.url)
	must(w.t, err)
	return address.Host
}

// always is for what cannot be noticed.
func always() bool { return true }
