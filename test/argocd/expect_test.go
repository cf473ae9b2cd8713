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

// pins maps each Application to its images as they would be deployed.
type pins map[string][]string

// valueImages matches images in Helm values.
var valueImages = regexp.MustCompile(`(?m)^ +image: (\S+)$`)

// imagesOf reads the images from where the examples put them: Kustomize images, Helm parameters, or Helm
// values.
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

// settle reconciles once. It fails if a wanted Application is deleted, even if it would be created again.
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

// expect reconciles once, and requires these Applications with these images, and no error in the
// ApplicationSet.
func (w *world) expect(want pins) {
	w.t.Helper()
	w.settle(want)
	equal(w.t, "the failure", w.cluster.failure(), "")
	equal(w.t, "the Applications", w.cluster.pins(), want)
}

// await reconciles until there are these Applications, and no error in the ApplicationSet.
func (w *world) await(want pins) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("the Applications %v", want), func() bool {
		w.settle(want)
		return w.cluster.failure() == "" && cmp.Equal(w.cluster.pins(), want)
	})
}

const rounds = 10

// expectHeld reconciles more than ten times, until `enough` holds, for example until Greenpin has noticed a
// fault. No write may reach an Application, and the failure must be written once and stay the same. It
// returns the failure; empty if there is none.
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

// askedAgain reports whether Greenpin has since called the host twice. By the second call it knows everything
// that the test did before, and a pause after a failure is over.
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

// githubHost returns GitHub's host, as in Greenpin's metrics.
func (w *world) githubHost() string {
	w.t.Helper()
	address, err := url.Parse(w.github.url)
	must(w.t, err)
	return address.Host
}

// always is for faults that Greenpin cannot notice.
func always() bool { return true }
