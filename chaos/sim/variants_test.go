package sim_test

// variant is the product without one thing that its safety or its healing rests on.
type variant struct {
	name  string
	edits []edit
	found finding
}

// edit replaces a text that a file of the product holds once. BROKEN is in the
// place of a condition that holds in this variant alone.
type edit struct{ file, from, to string }

// finding is who notices: so many schedules by chance, or the test of a directed one,
// which passes with the real product. Chance meets few of the moments that most of
// these need: 0.6 ms of a commit between the vote and the decision, a voter that is
// frozen for two seconds (found in schedule 390), an idle cluster (381), two replicas
// that join at the same time (309).
type finding struct {
	within   uint64 // about twice the number that it took
	directed string
}

// variants of the decision core first, then of the controller and the gateways.
var variants = []variant{
	{"promotes before the gateways have carried the epoch out", []edit{{
		"controller/topology/evidence.go",
		`if names, _ := s.awaited(); names != "" {`,
		`if names, _ := s.awaited(); names != "" && !BROKEN {`,
	}}, finding{directed: "TestGatewayThatIsLeftWithTheMainIsWaitedForOrSilent"}},
	{"promotes beside a main that answers", []edit{{
		"controller/topology/succession.go",
		`if i.is(RoleMain) && !s.stalled(i) {`,
		`if i.is(RoleMain) && !s.stalled(i) && !BROKEN {`,
	}}, finding{within: 10}},
	{"promotes any replica", []edit{{
		"controller/topology/vote.go",
		`	return s.r.Voter, ""`,
		`	for _, i := range s.others(s.r.Main) {
		if BROKEN && i.is(RoleReplica) {
			return i.Name, ""
		}
	}
	return s.r.Voter, ""`,
	}}, finding{directed: "TestNobodyElseIsPromotedWhileMainAndVoterAreGone"}},
	{"promotes an ASYNC replica where there is no voter", []edit{{
		"controller/topology/vote.go",
		`	case s.r.Voter == "":
		return "", "there is no voter"`,
		`	case s.r.Voter == "" && BROKEN:
		return s.others(s.r.Main)[0].Name, ""
	case s.r.Voter == "":
		return "", "there is no voter"`,
	}}, finding{directed: "TestReplicaThatLagsIsNeitherVoterNorMain"}},
	{"trusts a voter that restarted", []edit{{
		"controller/topology/vote.go",
		`return voted == "" ||`,
		`return BROKEN || voted == "" ||`,
	}}, finding{directed: "TestNobodyElseIsPromotedWhileMainAndVoterAreGone"}},
	{"drops the voter before the record does", []edit{{
		"controller/topology/settle.go",
		`if s.r.Main == "" || s.r.Voter != name {`,
		`if s.r.Main == "" || s.r.Voter != name || BROKEN {`,
	}}, finding{within: 10}},
	{"takes a small lag for none", []edit{{
		"controller/topology/evidence.go",
		`return r.Status == StatusReady && r.lag() == 0`,
		`return r.Status == StatusReady && r.lag() == 0 || BROKEN && r.within(100)`,
	}}, finding{directed: "TestSwitchoversToAReplicaThatIsReachedSlowlyLoseNothing"}},
	{"switches over to a replica that lags", []edit{{
		"controller/topology/interlude.go",
		`if !s.heard(main) || !listed || !row.caughtUp() {`,
		`if !BROKEN && (!s.heard(main) || !listed || !row.caughtUp()) {`,
	}}, finding{directed: "TestSwitchoversToAReplicaThatIsReachedSlowlyLoseNothing"}},
	{"counts answers from before the gateways stopped", []edit{{
		"controller/topology/evidence.go",
		`return i.up() && i.Answer.Asked.After(confirmed)`,
		`return i.up() && (i.Answer.Asked.After(confirmed) || BROKEN)`,
	}}, finding{directed: "TestSwitchoversToAReplicaThatIsReachedSlowlyLoseNothing"}},
	{"opens the gate without a voter", []edit{{
		"controller/topology/settle.go",
		`case voter == "" && !s.degraded():`,
		`case voter == "" && !s.degraded() && !BROKEN:`,
	}}, finding{within: 20}},
	{"leaves the marker transaction out", []edit{{
		"controller/topology/settle.go",
		`case s.get(main).Marked != s.r.Reign:`,
		`case s.get(main).Marked != s.r.Reign && !BROKEN:`,
	}}, finding{directed: "TestIdleClusterSurvivesOneLossAfterAnother"}},
	{"never refreshes the epoch", []edit{{
		"controller/topology/history.go",
		`if !s.clean(s.get(s.r.Main)) {
		return nil
	}
	unclean`,
		`if !s.clean(s.get(s.r.Main)) || BROKEN {
		return nil
	}
	unclean`,
	}}, finding{within: 20}},
	{"takes every history for clean", []edit{{
		"controller/topology/history.go",
		`return m.Reign < s.r.Reign ||`,
		`return BROKEN || m.Reign < s.r.Reign ||`,
	}}, finding{directed: "TestOneLossAfterAnotherUnderLoadLetsNobodyBeRefused"}},
	{"takes any data for the cluster's", []edit{{
		"controller/topology/evidence.go",
		`if s.r.Database == "" {
		return true`,
		`if s.r.Database == "" || BROKEN {
		return true`,
	}}, finding{directed: "TestMainThatIsReplacedByAnEmptyOneAtOnceGetsNoClient"}},
	{"lets clients hear a main that has no voter", []edit{{
		"controller/topology/route.go",
		`return r.Gate == GatePaused && (r.Main == "" || r.Voter == "")`,
		`return r.Gate == GatePaused && (r.Main == "" || r.Voter == "") && !BROKEN`,
	}}, finding{within: 710}},
	{"routes writes by role", []edit{{
		"controller/loop.go",
		`	instance, gate, drain := topology.WriteRoute(c.record)
`,
		`	instance, gate, drain := topology.WriteRoute(c.record)
	for name, i := range view.Instances {
		if BROKEN && i.Answer.Role == topology.RoleMain {
			instance, gate = name, topology.GateOpen
		}
	}
`,
	}}, finding{within: 70}},
	{"sets the last copy aside", []edit{{
		"controller/topology/join.go",
		`	if !s.get(main).is(RoleMain) || name == s.r.Voter`,
		`	if BROKEN {
		return true
	}
	if !s.get(main).is(RoleMain) || name == s.r.Voter`,
	}}, finding{directed: "TestDataThatNobodyKnowsAreKeptWhileTheVoterIsSilent"}},
	{"drops a silent voter", []edit{{
		"controller/evidence.go",
		`return topology.HealthSilent`,
		`if BROKEN {
			return topology.HealthDead
		}
		return topology.HealthSilent`,
	}, {
		"controller/perform.go",
		`if err != nil && (step.Do == topology.ActRegister || !isRefused(err)) {`,
		`if err != nil && (step.Do == topology.ActRegister || !isRefused(err)) && !BROKEN {`,
	}}, finding{directed: "TestVoterThatIsSilentForLongIsNotDropped"}},
	{"registers a second voter", []edit{{
		"controller/topology/join.go",
		`		if row.Mode == StrictSync {
			return Async`,
		`		if row.Mode == StrictSync && !BROKEN {
			return Async`,
	}}, finding{directed: "TestClusterHealsInWhateverOrderItReturnsAfterEverythingDied"}},
	{"leads without the lease", []edit{{
		"controller/config.go",
		`if c.Lease == nil {`,
		`if c.Lease == nil || BROKEN {`,
	}}, finding{within: 10}},
	{"vouches for a gateway's route although a newer epoch is known", []edit{{
		"controller/majority.go",
		`if epoch == 0 || c.peers.newest() > epoch {`,
		`if epoch == 0 || c.peers.newest() > epoch && !BROKEN {`,
	}, {
		"controller/peers.go",
		`if !one.sent.IsZero() && one.report.Epoch <= epoch {`,
		`if !one.sent.IsZero() && (one.report.Epoch <= epoch || BROKEN) {`,
	}}, finding{directed: "TestGatewayThatIsLeftWithAnOldMainServesNoStaleReads"}},
	{"a gateway that is out of touch goes on", []edit{{
		"gateway/isolation.go",
		`return g.cfg.IsolationAfter > 0 &&`,
		`return !BROKEN && g.cfg.IsolationAfter > 0 &&`,
	}, {
		"gateway/isolation.go",
		`if g.cfg.IsolationAfter <= 0 {`,
		`if g.cfg.IsolationAfter <= 0 || BROKEN {`,
	}}, finding{directed: "TestGatewayThatIsLeftWithTheMainIsWaitedForOrSilent"}},
}
