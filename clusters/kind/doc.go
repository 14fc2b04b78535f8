// Package kind creates clusters on this machine with kind, through its Go API: one
// control plane and three workers, in containers of Docker.
package kind
