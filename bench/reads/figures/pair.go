// Package figures is what the bench of read scaling measured, pair by pair, and what
// follows of it: ratios with their confidence intervals, and whether they reach the goals.
//
//	pairs, err := figures.Book{Path: "out/reports/bench-reads.jsonl"}.Pairs()
//	results, err := figures.Results(figures.LastRun(pairs))
//	for _, v := range figures.Judge(results) { ... }
package figures

import "time"

// Load is how clients read.
type Load string

// The loads.
const (
	// Saturation: each reader asks again once it is answered. What is measured is how
	// many answers there are.
	Saturation Load = "saturation"
	// Equal: readers ask at a rate that the main alone can serve. What is measured is how
	// long they wait.
	Equal Load = "equal"
)

// Pair is two windows of the same load one after the other, one through each gateway: a
// line of the raw results.
type Pair struct {
	// Run is when the run began; ratios are of one run only.
	Run      time.Time `json:"run"`
	Database string    `json:"database"` // image of the instances
	Replicas int       `json:"replicas"` // in the read pool, the voter among them
	Load     Load      `json:"load"`
	Number   int       `json:"number"`
	Limit    float64   `json:"limit_cores"` // of CPU of each instance
	// Target is the intended rate of reads, in reads per second; 0: there is none.
	Target float64 `json:"target,omitempty"`
	Main   string  `json:"main_instance"`
	// Write and Read are the windows through the write and the read gateway. Odd pairs
	// begin with the former, even ones with the latter: what drifts evens out.
	Write Window `json:"write_gateway"`
	Read  Window `json:"read_gateway"`
	// Void says why the pair does not count.
	Void string `json:"void,omitempty"`
}

// Window is a few seconds of a load through one gateway.
type Window struct {
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	// Reads are all reads, and Clients those of each client.
	Reads   Answers            `json:"reads"`
	Clients map[string]Answers `json:"clients"`
	// Writes are those that ran beside, through the write gateway.
	Writes Answers `json:"writes"`
	// Used is what each instance used of a core, as the kernel counts it.
	Used map[string]float64 `json:"used_cores"`
	// Held is for how much of the time each instance was held back by its limit, added up
	// over processors.
	Held map[string]float64 `json:"held_back"`
	// Idle is the share of the machine that was idle, 0 to 1.
	Idle float64 `json:"idle"`
}

// Answers are operations that ended in a window.
type Answers struct {
	N      int     `json:"n"` // without errors
	Errors int     `json:"errors"`
	Rate   float64 `json:"per_second"`
	Mean   float64 `json:"mean_ms"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
}

// leastTarget is the share of the intended rate that has to be reached: less is another
// load in one half of the pair than in the other.
const leastTarget = 0.85
