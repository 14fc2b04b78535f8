// Package bench is the benchmark suite: it answers what a user asks before adopting
// this project, on Linux:
//
//	make bench        what the gateway costs (package cost)
//	make bench-reads  what replicas bring to readers (package reads), on a kind cluster
//	make bench-scale  what many connections cost (package storm)
//	make report       all reports, and one page of them (package onepage)
//
// How long a failover takes is measured by chaos/kube.
//
// # How it measures
//
// Every figure that is judged is a ratio to another program's in the same run, not a
// time: this is meant to be run on machines that others use too. One contender
// follows the other within seconds, over and over (package cost); each ratio is of
// one round, and the median over the rounds is given with an interval of 95 %
// (package ratio). A comparison that lacks its baseline fails the run.
//
// Clients (package crowd), proxy (package contender) and server (package answer) are
// processes of their own, so that the kernel says what the proxy alone has used
// (package proc). They speak the smallest piece of Bolt that a tracker follows
// (package wire).
//
// # What comes of it
//
// Raw results, a line for each measurement (package record), and a report made of
// them (package report): a table in which goals that were not reached stand beside
// the others, plots, and the thresholds of the gate with their reasons.
package bench
