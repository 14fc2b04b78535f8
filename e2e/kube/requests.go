package kube

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// meter is the name of the FlowSchema that counts the controllers' requests.
const meter = "e2e-controllers"

// Meter has the API server count the requests of the release's controllers. Its
// metrics tell no users apart, but they count requests by flow schema, and a
// schema can match one service account. It treats them as any other's.
func (r *Release) Meter(ctx context.Context) (remove func(context.Context) error, err error) {
	deployment, err := r.Client.AppsV1().Deployments(r.Namespace).Get(ctx, r.Prefix+"-controller", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	all := []string{"*"}
	schemas := r.Client.FlowcontrolV1().FlowSchemas()
	remove = func(ctx context.Context) error { return schemas.Delete(ctx, meter, metav1.DeleteOptions{}) }
	_ = remove(ctx) // one that an earlier run left
	_, err = schemas.Create(ctx, &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: meter},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: "workload-low"},
			MatchingPrecedence:         800, // before that of all service accounts, 9000
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects: []flowcontrolv1.Subject{{
					Kind: rbacv1.ServiceAccountKind,
					ServiceAccount: &flowcontrolv1.ServiceAccountSubject{
						Namespace: r.Namespace, Name: deployment.Spec.Template.Spec.ServiceAccountName,
					},
				}},
				ResourceRules:    []flowcontrolv1.ResourcePolicyRule{{Verbs: all, APIGroups: all, Resources: all, Namespaces: all, ClusterScope: true}},
				NonResourceRules: []flowcontrolv1.NonResourcePolicyRule{{Verbs: all, NonResourceURLs: all}},
			}},
		},
	}, metav1.CreateOptions{})
	return remove, err
}

// Requests is how many requests of the controllers the API server has served
// since Meter.
func (r *Release) Requests(ctx context.Context) (int, error) {
	text, err := r.Client.CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return 0, fmt.Errorf("metrics of the API server: %w", err)
	}
	return dispatched(string(text), meter)
}

// dispatched adds up a metric of the API server for one flow schema.
func dispatched(metrics, schema string) (int, error) {
	sum := 0.0
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, "apiserver_flowcontrol_dispatched_requests_total{") || !strings.Contains(line, `flow_schema="`+schema+`"`) {
			continue
		}
		fields := strings.Fields(line)
		n, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("metric %q: %w", line, err)
		}
		sum += n
	}
	return int(sum), nil
}
