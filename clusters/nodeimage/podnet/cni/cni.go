// Package cni tells containerd how to put a pod on the network: a pair of veths
// with a route (ptp), addresses out of the node's range (host-local), and host
// ports (portmap). Until the file is there, the node is not ready.
package cni

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

const file = "10-podnet.conflist"

type list struct {
	CNIVersion string   `json:"cniVersion"`
	Name       string   `json:"name"`
	Plugins    []plugin `json:"plugins"`
}

type plugin struct {
	Type         string          `json:"type"`
	IPMasq       *bool           `json:"ipMasq,omitempty"`
	IPAM         *ipam           `json:"ipam,omitempty"`
	Capabilities map[string]bool `json:"capabilities,omitempty"`
}

type ipam struct {
	Type string `json:"type"`
	// DataDir is in /run: addresses that are lent are forgotten with the pods
	// that had them, when the node starts anew.
	DataDir string    `json:"dataDir"`
	Ranges  [][]pool  `json:"ranges"`
	Routes  []gateway `json:"routes"`
}

type pool struct {
	Subnet netip.Prefix `json:"subnet"`
}

type gateway struct {
	Dst netip.Prefix `json:"dst"`
}

// Write writes the configuration for pods with addresses of the node's range into
// dir, unless it is there. A reader sees the old file or the new one, never half.
func Write(dir string, node netip.Prefix) (changed bool, err error) {
	text, err := json.MarshalIndent(conflist(node), "", "  ")
	if err != nil {
		return false, fmt.Errorf("network configuration: %w", err)
	}
	path := filepath.Join(dir, file)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return false, nil
	}
	tmp := filepath.Join(dir, "."+file)
	if err := os.WriteFile(tmp, text, 0o644); err != nil {
		return false, fmt.Errorf("network configuration: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return false, fmt.Errorf("network configuration: %w", err)
	}
	return true, nil
}

func conflist(node netip.Prefix) list {
	own := false // package netfilter masquerades
	everywhere := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	return list{CNIVersion: "0.4.0", Name: "podnet", Plugins: []plugin{
		{Type: "ptp", IPMasq: &own, IPAM: &ipam{
			Type: "host-local", DataDir: "/run/podnet",
			Ranges: [][]pool{{{node}}}, Routes: []gateway{{everywhere}},
		}},
		{Type: "portmap", Capabilities: map[string]bool{"portMappings": true}},
	}}
}
