package topology

// Action is what a Step does.
type Action string

// The actions.
const (
	// ActWait does nothing until the view changes or time has passed.
	ActWait Action = "wait"
	// ActSave writes Step.Record by compare-and-swap.
	ActSave Action = "save-record"
	// ActDemote makes Instance a replica (its replica list vanishes).
	ActDemote Action = "demote"
	// ActPromote makes Instance the main.
	ActPromote Action = "promote"
	// ActRegister registers Target at Instance in Mode.
	ActRegister Action = "register"
	// ActDrop drops the registration named Target at Instance.
	ActDrop Action = "drop"
	// ActEnsureUser creates the configured users on Instance.
	ActEnsureUser Action = "ensure-user"
	// ActMark runs the marker transaction on Instance: no user data, but it
	// makes the new database epoch known to the replicas. With a Target it is run
	// for the vote of that one.
	ActMark Action = "mark"
	// ActRestart restarts Instance's process; it comes back knowing no replicas.
	ActRestart Action = "restart"
	// ActReseed sets Instance's data aside and starts it empty.
	ActReseed Action = "reseed"
)

// Step is the one thing to do next.
type Step struct {
	Do       Action
	Instance string
	Target   string
	Mode     Mode
	Record   Record
}
