package mesh

import (
	"path"
	"syscall"
	"time"
)

// Volume is a volume as a container of pods has it mounted.
type Volume struct {
	Pods      Pods
	Container string
	Path      string
}

// ioChaos is the spec of an IOChaos.
type ioChaos struct {
	containers
	Action     string   `json:"action"`
	VolumePath string   `json:"volumePath"`
	Path       string   `json:"path"`
	Methods    []string `json:"methods"`
	Percent    int      `json:"percent"`
	Delay      string   `json:"delay,omitempty"`
	Errno      uint32   `json:"errno,omitempty"`
	Duration   string   `json:"duration"`
}

// SlowSync makes every fsync on a volume take longer.
func (m Mesh) SlowSync(name string, v Volume, by time.Duration) *Fault {
	return m.disk(name, v, ioChaos{Action: "latency", Methods: []string{"fsync", "fsyncdir"}, Delay: by.String()})
}

// FullDisk makes everything fail that needs more space on a volume. What is there
// can be read and removed, as on a disk that is full.
func (m Mesh) FullDisk(name string, v Volume) *Fault {
	return m.disk(name, v, ioChaos{Action: "fault", Methods: []string{"write", "create", "mkdir", "mknod", "symlink", "link"}, Errno: uint32(syscall.ENOSPC)})
}

func (m Mesh) disk(name string, v Volume, spec ioChaos) *Fault {
	spec.VolumePath, spec.Path = v.Path, path.Join(v.Path, "**", "*")
	spec.Percent, spec.Duration = 100, longest.String()
	return m.fault(name, "IOChaos", v.Pods, func(a aim) any {
		spec.containers = containers{a, []string{v.Container}}
		return spec
	})
}
