package main

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

var restricted = func() policy.Evaluator {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		panic(err)
	}
	return evaluator
}()

// judgePodSecurity checks a pod template against the newest version of the Pod Security Standard
// "restricted".
func judgePodSecurity(c chapter, object runtime.Object) {
	deployment, is := object.(*appsv1.Deployment)
	if !is {
		return
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	template := &deployment.Spec.Template
	for _, result := range restricted.EvaluatePod(level, &template.ObjectMeta, &template.Spec) {
		if !result.Allowed {
			c.problem("not restricted: %s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
}
