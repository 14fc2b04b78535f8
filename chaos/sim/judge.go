package sim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"memgraph-controller/clusters/standin"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// judge looks at an order to a database before it is sent.
func (p *controlPlane) judge(instance, query string) {
	p.judgeLeader(query)
	replica, drops := strings.CutPrefix(query, "DROP REPLICA ")
	switch {
	case drops:
		p.cluster.judgeDrop(instance, strings.Trim(replica, "`;"))
	case strings.HasPrefix(query, "REGISTER REPLICA "):
		p.judgeRegistration(instance, query)
	case query == "SET REPLICATION ROLE TO MAIN":
		p.judgePromotion(instance)
	}
}

// judgeLeader: only the leader gives orders, and none of its orders comes after
// the end of its lease.
func (p *controlPlane) judgeLeader(order string) {
	if p.lease == nil || !p.alive() {
		return
	}
	e := p.cluster.election
	e.mu.Lock()
	defer e.mu.Unlock()
	assert.True(p.cluster.t, e.holder == p.lease, "%s does not lead and orders: %s", p.name, order)
}

// judgePromotion: at most one instance can acknowledge writes. Every write gateway has
// carried out the record, or is silent, and nobody else answers as main.
func (p *controlPlane) judgePromotion(heir string) {
	if !p.alive() {
		return
	}
	t, r := p.cluster.t, p.cluster.Record()
	p.cluster.judgeHolder(p.cluster.instance(heir), "its promotion", p.cluster.acked.all(), false)
	for _, q := range p.cluster.running() {
		g := q.Status().Gateways[0]
		passes := g.Epoch > 0 && !g.Silenced && g.Applied < r.Epoch
		assert.False(t, passes, "%s is promoted in epoch %d while the gateway of %s carries out epoch %d", heir, r.Epoch, q.name, g.Applied)
	}
	p.judgeAlone(heir, "is promoted")
}

// judgeAlone: nobody who answers says that it is main beside another one, but for the
// main that a handover leaves stalled. It could feed a replica that is registered.
func (p *controlPlane) judgeAlone(main, what string) {
	r := p.cluster.Record()
	for _, i := range p.Status().Instances {
		stalled := r.Plan == topology.PlanHandover && i.Name == r.From
		other := i.Name != main && i.Health == topology.HealthUp && i.Role == topology.RoleMain && !stalled
		assert.False(p.cluster.t, other, "%s %s while %s answers as main", main, what, i.Name)
	}
}

func (p *controlPlane) judgeRegistration(main, query string) {
	if !p.alive() {
		return
	}
	p.judgeAlone(main, "gets a replica")
	if strings.Contains(query, " STRICT_SYNC ") {
		p.judgeVoter(main, strings.Fields(query)[2])
	}
}

// judgeVoter: no main has a second one.
func (p *controlPlane) judgeVoter(main, voter string) {
	for _, i := range p.Status().Instances {
		second := i.Mode == topology.StrictSync && registered(i.Name) != strings.Trim(voter, "`")
		assert.False(p.cluster.t, second, "%s gets %s as voter beside %s", main, voter, i.Name)
	}
}

// judgeChoice: nobody becomes the voter whom the others would refuse as their main while
// somebody could vote whom they would not.
func (p *controlPlane) judgeChoice(r topology.Record) {
	if r.Gate != topology.GateOpen || r.Voter == p.cluster.Record().Voter || !p.alive() {
		return
	}
	instances := p.Status().Instances
	unclean := slices.ContainsFunc(instances, func(i api.Instance) bool { return i.Name == r.Voter && !i.Clean })
	for _, i := range instances {
		better := i.Clean && i.Health == topology.HealthUp && i.Status == topology.StatusReady && i.Behind == 0 && i.Quarantined == nil
		assert.False(p.cluster.t, unclean && better, "%s becomes the voter although %s has a clean history", r.Voter, i.Name)
	}
}

// registered is an instance's name as a replica.
func registered(name string) string { return strings.ReplaceAll(name, "-", "_") }

// judgeReseed: data are set aside only while others have everything: the main, and
// while clients write to it the voter too.
func (p *controlPlane) judgeReseed(name string) {
	if !p.alive() {
		return
	}
	t, r, status := p.cluster.t, p.cluster.Record(), p.Status()
	holders := []string{cmp.Or(r.Main, r.Heir)}
	if r.Gate == topology.GateOpen {
		holders = append(holders, r.Voter)
	}
	for _, holder := range holders {
		answers := slices.ContainsFunc(status.Instances, func(i api.Instance) bool {
			return i.Name == holder && i.Health == topology.HealthUp
		})
		assert.True(t, answers && holder != name, "the data of %s are set aside while %q does not answer", name, holder)
	}
	p.cluster.judgeHolders(r, "the reseeding of "+name, p.cluster.acked.all())
}

// silentFor is how long a replica may be silent without anybody knowing.
const silentFor = 500 * time.Millisecond

// judgeDrop: to drop a replica whose process lives and does not answer kills the
// main (memgraph-observed 1.2), and a voter leaves the record first.
func (c *Cluster) judgeDrop(main, replica string) {
	r := c.Record()
	for _, i := range c.instances {
		if registered(i.name) == replica {
			since := i.frozen.Load()
			silent := since != nil && time.Since(*since) > silentFor
			assert.False(c.t, silent, "%s is told to drop %s, which is frozen", main, replica)
			assert.False(c.t, r.Main == main && r.Voter == i.name, "%s is told to drop %s, which is the voter in the record", main, replica)
		}
	}
}

// froze notes since when a process is frozen; nil while it is not.
func (i *instance) froze(faults standin.FaultSet) {
	if !faults.Freeze {
		i.frozen.Store(nil)
	} else if i.frozen.Load() == nil {
		now := time.Now()
		i.frozen.Store(&now)
	}
}
