package mesh

import (
	"strconv"
	"time"
)

// Direction says which packets a partition drops.
type Direction string

// The directions, seen from the pods that a partition is about.
const (
	Outbound Direction = "to"   // what they send to the peer
	Inbound  Direction = "from" // what the peer sends to them
	Both     Direction = "both"
)

// Peer is the other side of a network fault. The zero value is everybody.
type Peer struct {
	Pods Pods
	// Addresses are those of peers that are no pods, such as APIServer's.
	Addresses []string
}

// networkChaos is the spec of a NetworkChaos.
type networkChaos struct {
	aim
	Action          string    `json:"action"`
	Direction       Direction `json:"direction"`
	Duration        string    `json:"duration"`
	Target          *aim      `json:"target,omitempty"`
	ExternalTargets []string  `json:"externalTargets,omitempty"`
	Delay           *delay    `json:"delay,omitempty"`
	Loss            *loss     `json:"loss,omitempty"`
}

type delay struct {
	Latency string `json:"latency"`
	Jitter  string `json:"jitter,omitempty"`
}

type loss struct {
	Loss string `json:"loss"`
}

// Partition drops the packets between pods and their peer, at both of them where
// both are pods. Those to and from everybody include the kubelet's probes.
func (m Mesh) Partition(name string, pods Pods, direction Direction, peer Peer) *Fault {
	return m.network(name, pods, peer, networkChaos{Action: "partition", Direction: direction})
}

// Delay holds back what pods send to the peer: each round trip takes longer by the
// latency, give or take the jitter.
func (m Mesh) Delay(name string, pods Pods, peer Peer, latency, jitter time.Duration) *Fault {
	d := &delay{Latency: oneUnit(latency)}
	if jitter > 0 {
		d.Jitter = oneUnit(jitter)
	}
	return m.network(name, pods, peer, networkChaos{Action: "delay", Direction: Outbound, Delay: d})
}

// Loss drops some of the packets that pods send to the peer, by chance.
func (m Mesh) Loss(name string, pods Pods, peer Peer, percent float64) *Fault {
	return m.network(name, pods, peer, networkChaos{
		Action: "loss", Direction: Outbound, Loss: &loss{strconv.FormatFloat(percent, 'f', -1, 64)},
	})
}

func (m Mesh) network(name string, pods Pods, peer Peer, spec networkChaos) *Fault {
	spec.Duration, spec.ExternalTargets = longest.String(), peer.Addresses
	return &Fault{mesh: m, name: name, kind: "NetworkChaos", source: pods, peer: peer.Pods, spec: func(source aim, target *aim) any {
		spec.aim, spec.Target = source, target
		return spec
	}}
}

// oneUnit writes a duration as Chaos Mesh wants it here: 1m0s has two units.
func oneUnit(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) + "us" }
