package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// minimum is the least value that a setting of the kernel may have.
type minimum struct {
	setting string // as sysctl names it
	value   int
}

// needed is what one 4-node cluster beside another needs. With the default of
// 128 instances of inotify, of which each cluster takes about 70, kube-proxy of
// the second ends with "too many open files".
var needed = [...]minimum{
	{"net.ipv4.ip_forward", 1},
	{"fs.inotify.max_user_instances", 512},
	{"fs.inotify.max_user_watches", 524288},
}

// RaiseLimits raises the settings of the kernel that are too low for clusters.
// Where it may not, it says which command would, and goes on: one small cluster
// mostly works all the same.
func (h *Host) RaiseLimits() {
	for _, n := range needed {
		path := h.Path("/proc/sys/" + strings.ReplaceAll(n.setting, ".", "/"))
		if atLeast(path, n.value) {
			continue
		}
		if err := os.WriteFile(path, []byte(strconv.Itoa(n.value)), 0o644); err != nil {
			h.Progress.Step("warning: %s is too low for several clusters; run as root: sysctl -w %s=%d", n.setting, n.setting, n.value)
		}
	}
}

// atLeast is true where the setting does not exist: not every kernel has each.
func atLeast(path string, value int) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return true
	}
	now, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return err == nil && now >= value
}

// capSysResource is the bit of CAP_SYS_RESOURCE (capabilities(7)).
const capSysResource = 24

// WithholdsSysResource tells whether nobody on this machine can have
// CAP_SYS_RESOURCE, not even root, because the bounding set lacks it.
func (h *Host) WithholdsSysResource() (bool, error) {
	status, err := os.ReadFile(h.Path("/proc/self/status"))
	if err != nil {
		return false, fmt.Errorf("read the capabilities of this process: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		if key != "CapBnd" {
			continue
		}
		bounding, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err != nil {
			return false, fmt.Errorf("read the capabilities of this process: %w", err)
		}
		return bounding&(1<<capSysResource) == 0, nil
	}
	return false, nil
}
