package api

import "context"

// Report is what one controller tells another: how far its gateways are, which
// record it knows, and what it sees of the instances. It has ages instead of
// times, because the clocks of two machines differ.
type Report struct {
	Controller string `json:"controller"`
	// Epoch is the newest that it has heard of, from the record or from others.
	Epoch uint64 `json:"epoch"`
	// Applied is the newest epoch whose routes both its gateways have carried out.
	Applied uint64 `json:"applied"`
	// Silenced: its write gateway lets nothing pass. It will not before it
	// follows Epoch.
	Silenced  bool           `json:"silenced,omitempty"`
	Instances []Observation  `json:"instances"`
	Gateways  []GatewayCount `json:"gateways"`
}

// GatewayCount is how many clients one gateway of a controller serves now.
type GatewayCount struct {
	// Gateway is "rw" or "ro".
	Gateway string `json:"gateway"`
	// Running: it listens.
	Running bool `json:"running"`
	// Sessions have an upstream, Held wait for one.
	Sessions int `json:"sessions"`
	Held     int `json:"held"`
}

// Observation is what an observer knows of one process. See controller.Sighting.
type Observation struct {
	Instance string `json:"instance"`
	Process  string `json:"process,omitempty"`
	// Answered is the age of the last question that was answered, nil if none was.
	Answered *Duration `json:"answered_seconds,omitempty"`
	// Failures counts the questions since that failed; the first was sent Failing
	// ago, and Refused tells that the last one met a closed port.
	Failures int      `json:"failures,omitempty"`
	Failing  Duration `json:"failing_seconds,omitempty"`
	Refused  bool     `json:"refused,omitempty"`
}

// Report asks a controller what it tells the others.
func (c Client) Report(ctx context.Context) (Report, error) {
	return get[Report](ctx, c, "/api/v1/report")
}
