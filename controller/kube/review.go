package kube

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"memgraph-controller/controller/api"
)

const (
	// ClusterGroup and ClusterResource name what a Role allows to do something to: there is
	// no such object, only rules about it. Its name is the StatefulSet's.
	ClusterGroup    = "memgraph-controller.io"
	ClusterResource = "memgraphclusters"
)

const (
	// reviewTimeout bounds both questions to the API server together.
	reviewTimeout = 3 * time.Second
	// reviewAgain is how long an answer counts: somebody whose right is taken away has it
	// for that long. It spares the API server whoever tries one token again and again.
	reviewAgain = 10 * time.Second
	// reviewsKept bounds the memory of answers, and reviewsAtOnce the questions under way:
	// whoever reaches the port can make up tokens.
	reviewsKept   = 256
	reviewsAtOnce = 4
)

// Reviews asks the API server whose a token is, and whether they may do something to the
// cluster: a TokenReview and a SubjectAccessReview, for which the controllers' account
// needs the ClusterRole system:auth-delegator. Where it gets no answer it refuses.
type Reviews struct {
	client   kubernetes.Interface
	config   Config
	audience string
	log      *slog.Logger
	slots    chan struct{}

	mu    sync.Mutex
	known map[question]reviewed
}

var _ api.Reviewer = (*Reviews)(nil)

// question is a token and a verb, of which nothing can be read.
type question [sha256.Size]byte

// reviewed is an answer of the API server.
type reviewed struct {
	user    string
	refusal error
	until   time.Time
}

// NewReviews takes tokens that were made for an audience, and no others: what is made for
// this controller opens nothing else where it is stolen, and the other way round. client
// should be used for nothing else, so that no lease or record ever waits for a review.
func NewReviews(client kubernetes.Interface, config Config, audience string, log *slog.Logger) *Reviews {
	return &Reviews{
		client: client, config: config, audience: audience, log: log,
		slots: make(chan struct{}, reviewsAtOnce), known: map[question]reviewed{},
	}
}

// Review implements api.Reviewer.
func (r *Reviews) Review(ctx context.Context, token, verb string) (string, error) {
	q := question(sha256.Sum256([]byte(verb + "\x00" + token)))
	if v, ok := r.remembered(q); ok {
		return v.user, v.refusal
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		return "", api.Unavailable("too many tokens are being reviewed", "try again in a moment, or use the controller's own token")
	}
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	v, err := r.ask(ctx, token, verb)
	if err != nil {
		r.log.Warn("a token cannot be reviewed", "verb", verb, "error", err)
		return "", api.Unavailable("whose the token is cannot be found out: "+err.Error(),
			"try again when the API server answers, or use the controller's own token")
	}
	r.remember(q, v)
	return v.user, v.refusal
}

func (r *Reviews) remembered(q question) (reviewed, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.known[q]
	return v, ok && time.Now().Before(v.until)
}

// remember keeps an answer. Where there is no room, those go first that count no more, and
// then any.
func (r *Reviews) remember(q question, v reviewed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for old, one := range r.known {
		if !now.Before(one.until) {
			delete(r.known, old)
		}
	}
	for old := range r.known {
		if len(r.known) < reviewsKept {
			break
		}
		delete(r.known, old)
	}
	v.until = now.Add(reviewAgain)
	r.known[q] = v
}

// ask puts both questions. An error is that there is no answer.
func (r *Reviews) ask(ctx context.Context, token, verb string) (reviewed, error) {
	user, err := r.owner(ctx, token)
	if err != nil {
		return reviewed{}, err
	}
	if user == nil {
		return reviewed{refusal: api.Unauthorized("the token is neither the controller's nor one that Kubernetes knows",
			fmt.Sprintf("make one for its audience: kubectl create token ACCOUNT --audience %s", r.audience))}, nil
	}
	allowed, why, err := r.allowed(ctx, user, verb)
	if err != nil {
		return reviewed{}, err
	}
	if !allowed {
		return reviewed{user: user.Username, refusal: api.Forbidden(
			fmt.Sprintf("%s may not %s %s/%s: %s", user.Username, verb, r.config.Namespace, r.config.StatefulSet, why),
			fmt.Sprintf("it needs a Role with the verb %s on %s.%s", verb, ClusterResource, ClusterGroup))}, nil
	}
	return reviewed{user: user.Username}, nil
}

// owner is whose a token is; nil: nobody's, or not one for this audience.
func (r *Reviews) owner(ctx context.Context, token string) (*authenticationv1.UserInfo, error) {
	review, err := r.client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{r.audience}},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("review the token: %w", err)
	}
	// An authenticator that knows of no audiences names none, and then the token is one for
	// the API server itself (documentation of TokenReviewStatus.Audiences).
	status := review.Status
	if !status.Authenticated || status.User.Username == "" || !slices.Contains(status.Audiences, r.audience) {
		return nil, nil
	}
	return &status.User, nil
}

// allowed tells whether somebody may do something to the cluster, or why not.
func (r *Reviews) allowed(ctx context.Context, user *authenticationv1.UserInfo, verb string) (ok bool, why string, err error) {
	extra := map[string]authorizationv1.ExtraValue{}
	for key, value := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(value)
	}
	review, err := r.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, Groups: user.Groups, UID: user.UID, Extra: extra,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: r.config.Namespace, Group: ClusterGroup, Version: "*", Resource: ClusterResource,
				Name: r.config.StatefulSet, Verb: verb,
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, "", fmt.Errorf("review what %s may do: %w", user.Username, err)
	}
	why = review.Status.Reason
	if why == "" {
		why = "no rule allows it"
	}
	return review.Status.Allowed && !review.Status.Denied, why, nil
}

// OperatorRules are what somebody needs who may ask a controller for everything that can
// be asked for in Kubernetes: the chart has a Role of them.
func OperatorRules(c Config) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		rule(ClusterGroup, ClusterResource, []string{c.StatefulSet}, "switchover", "failover", "pause"),
	}
}
