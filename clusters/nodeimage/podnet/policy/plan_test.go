package policy_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"memgraph-controller/clusters/nodeimage/podnet/policy"
)

// pod is in the namespace "shop" on node "n1", with its name as its label app.
func pod(name, ip string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{NodeName: "n1"},
		Status:     corev1.PodStatus{PodIP: ip, Phase: corev1.PodRunning},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func in(namespace string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Namespace = namespace } }
func on(node string) func(*corev1.Pod)      { return func(p *corev1.Pod) { p.Spec.NodeName = node } }

func listening(name string, number int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		port := corev1.ContainerPort{Name: name, ContainerPort: number, Protocol: corev1.ProtocolTCP}
		p.Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{port}}}
	}
}

func namespace(name, team string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": team}}}
}

func app(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

// policyFor is a policy for the database of "shop".
func policyFor(spec networking.NetworkPolicySpec) *networking.NetworkPolicy {
	spec.PodSelector = *app("db")
	return &networking.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db"}, Spec: spec}
}

func ingress(rules ...networking.NetworkPolicyIngressRule) networking.NetworkPolicySpec {
	return networking.NetworkPolicySpec{PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress}, Ingress: rules}
}

func egress(rules ...networking.NetworkPolicyEgressRule) networking.NetworkPolicySpec {
	return networking.NetworkPolicySpec{PolicyTypes: []networking.PolicyType{networking.PolicyTypeEgress}, Egress: rules}
}

func from(peers ...networking.NetworkPolicyPeer) networking.NetworkPolicyIngressRule {
	return networking.NetworkPolicyIngressRule{From: peers}
}

func port(p intstr.IntOrString) networking.NetworkPolicyPort {
	return networking.NetworkPolicyPort{Port: &p}
}

func ranges(texts ...string) []policy.Peer {
	peers := []policy.Peer{}
	for _, text := range texts {
		peers = append(peers, policy.Peer{Range: netip.MustParsePrefix(text)})
	}
	return peers
}

// shop is a database on n1, its client, a stranger, and a pod of another team.
func shop(policies ...*networking.NetworkPolicy) policy.State {
	return policy.State{
		Pods: []*corev1.Pod{
			pod("stranger", "10.0.1.3"), pod("db", "10.0.1.1", listening("bolt", 7687)), pod("client", "10.0.2.2", on("n2")),
			pod("probe", "10.0.2.9", in("ops"), on("n2"), listening("bolt", 9999)),
		},
		Namespaces: []*corev1.Namespace{namespace("shop", "a"), namespace("ops", "b")},
		Policies:   policies,
	}
}

// allowed is what the only guard of the plan allows.
func allowed(t *testing.T, state policy.State) []policy.Allowance {
	t.Helper()
	guards := policy.Plan(state, "n1")
	require.Len(t, guards, 1)
	require.Equal(t, "10.0.1.1", guards[0].Pod.String())
	return guards[0].Allowed
}

func TestWithoutPoliciesEveryPodIsOpen(t *testing.T) {
	require.Empty(t, policy.Plan(shop(), "n1"))
}

func TestAPolicyWithoutRulesClosesThePodsThatItSelects(t *testing.T) {
	require.Empty(t, allowed(t, shop(policyFor(ingress()))))
}

func TestAPolicyClosesOnlyTheDirectionsThatItNames(t *testing.T) {
	both := ingress()
	both.PolicyTypes = append(both.PolicyTypes, networking.PolicyTypeEgress)
	guards := policy.Plan(shop(policyFor(both)), "n1")
	require.Len(t, guards, 2)
	require.Equal(t, []policy.Direction{policy.Ingress, policy.Egress}, []policy.Direction{guards[0].Direction, guards[1].Direction})
	require.Equal(t, policy.Egress, policy.Plan(shop(policyFor(egress())), "n1")[0].Direction)
}

func TestOnlyPodsOfThisNodeThatHaveAnAddressOfTheirOwnAreGuarded(t *testing.T) {
	closed := policyFor(ingress())
	for name, change := range map[string]func(*corev1.Pod){
		"elsewhere":    on("n2"),
		"host network": func(p *corev1.Pod) { p.Spec.HostNetwork = true },
		"no address":   func(p *corev1.Pod) { p.Status.PodIP = "" },
		"ended":        func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded },
		"namespace":    in("ops"),
	} {
		t.Run(name, func(t *testing.T) {
			state := policy.State{Pods: []*corev1.Pod{pod("db", "10.0.1.1", change)}, Policies: []*networking.NetworkPolicy{closed}}
			require.Empty(t, policy.Plan(state, "n1"))
		})
	}
}

func TestWhomARuleLetsIn(t *testing.T) {
	for name, c := range map[string]struct {
		rule     networking.NetworkPolicyIngressRule
		expected [][]policy.Peer
	}{
		"anybody": {from(), [][]policy.Peer{nil}},
		"pods of the policy's namespace": {from(networking.NetworkPolicyPeer{PodSelector: app("client")}),
			[][]policy.Peer{ranges("10.0.2.2/32")}},
		"a namespace": {from(networking.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "b"}}}),
			[][]policy.Peer{ranges("10.0.2.9/32")}},
		"pods of a namespace": {from(networking.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}, PodSelector: app("probe")}),
			[][]policy.Peer{ranges("10.0.2.9/32")}},
		"a pod that is not there": {from(networking.NetworkPolicyPeer{PodSelector: app("ghost")}),
			[][]policy.Peer{{}}},
		"pods and addresses": {from(networking.NetworkPolicyPeer{PodSelector: app("client")}, networking.NetworkPolicyPeer{IPBlock: &networking.IPBlock{CIDR: "192.0.2.7/24"}}),
			[][]policy.Peer{ranges("10.0.2.2/32", "192.0.2.0/24")}},
		"addresses but some, on their own": {
			from(networking.NetworkPolicyPeer{IPBlock: &networking.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.0.1.0/24"}}}, networking.NetworkPolicyPeer{PodSelector: app("stranger")}),
			[][]policy.Peer{ranges("10.0.1.3/32"), {ranges("10.0.0.0/8")[0], {Range: netip.MustParsePrefix("10.0.1.0/24"), Except: true}}}},
		"addresses of IPv6 mean nothing here": {from(networking.NetworkPolicyPeer{IPBlock: &networking.IPBlock{CIDR: "2001:db8::/32"}}),
			[][]policy.Peer{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			var peers [][]policy.Peer
			for _, a := range allowed(t, shop(policyFor(ingress(c.rule)))) {
				require.Empty(t, a.Protocol)
				peers = append(peers, a.Peers)
			}
			require.Equal(t, c.expected, peers)
		})
	}
}

func TestAPodWithoutAnAddressOfItsOwnIsNobodysPeer(t *testing.T) {
	state := shop(policyFor(ingress(from(networking.NetworkPolicyPeer{PodSelector: app("client")}))))
	state.Pods = append(state.Pods,
		pod("client", "", in("shop")), pod("client", "172.18.0.2", func(p *corev1.Pod) { p.Spec.HostNetwork = true }))
	require.Equal(t, ranges("10.0.2.2/32"), allowed(t, state)[0].Peers)
}

func TestWhichPortsARuleOpens(t *testing.T) {
	udp, last := corev1.ProtocolUDP, int32(9000)
	span := port(intstr.FromInt32(8000))
	span.EndPort = &last
	for name, c := range map[string]struct {
		port     networking.NetworkPolicyPort
		expected []policy.Allowance
	}{
		"a number":           {port(intstr.FromInt32(7687)), []policy.Allowance{{Protocol: "tcp", First: 7687, Last: 7687}}},
		"a span":             {span, []policy.Allowance{{Protocol: "tcp", First: 8000, Last: 9000}}},
		"a protocol":         {networking.NetworkPolicyPort{Protocol: &udp}, []policy.Allowance{{Protocol: "udp"}}},
		"a name of the pod":  {port(intstr.FromString("bolt")), []policy.Allowance{{Protocol: "tcp", First: 7687, Last: 7687}}},
		"a name it lacks":    {port(intstr.FromString("http")), nil},
		"no protocol at all": {networking.NetworkPolicyPort{}, []policy.Allowance{{Protocol: "tcp"}}},
	} {
		t.Run(name, func(t *testing.T) {
			rule := networking.NetworkPolicyIngressRule{Ports: []networking.NetworkPolicyPort{c.port}}
			require.Equal(t, c.expected, allowed(t, shop(policyFor(ingress(rule)))))
		})
	}
}

func TestOutwardsANameIsThePortOfWhoIsCalled(t *testing.T) {
	rule := networking.NetworkPolicyEgressRule{
		To:    []networking.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}},
		Ports: []networking.NetworkPolicyPort{port(intstr.FromString("bolt"))},
	}
	expected := []policy.Allowance{
		{Peers: ranges("10.0.2.9/32"), Protocol: "tcp", First: 9999, Last: 9999},
		{Peers: ranges("10.0.1.1/32"), Protocol: "tcp", First: 7687, Last: 7687},
	}
	require.Equal(t, expected, allowed(t, shop(policyFor(egress(rule)))))
	rule.To = nil
	require.Equal(t, expected, allowed(t, shop(policyFor(egress(rule)))), "to anybody means to any pod that has the name")
}

func TestPoliciesAddUp(t *testing.T) {
	one := policyFor(ingress(from(networking.NetworkPolicyPeer{PodSelector: app("client")})))
	two := policyFor(ingress(from(networking.NetworkPolicyPeer{PodSelector: app("stranger")})))
	two.Name = "db-2"
	all := allowed(t, shop(two, one))
	require.Equal(t, ranges("10.0.2.2/32"), all[0].Peers)
	require.Equal(t, ranges("10.0.1.3/32"), all[1].Peers)
}

func TestThePlanDoesNotDependOnTheOrderOfObjects(t *testing.T) {
	everybody := policyFor(ingress(from(networking.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}})))
	state := shop(everybody)
	plan := policy.Plan(state, "n1")
	state.Pods[0], state.Pods[3] = state.Pods[3], state.Pods[0]
	require.Equal(t, plan, policy.Plan(state, "n1"))
}
