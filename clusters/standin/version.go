package standin

import (
	"fmt"
	"strconv"
	"strings"
)

// version is a release of Memgraph.
type version struct{ major, minor, patch int }

// parseVersion reads "3.6" or "3.6.2". "3.6" stands for the release that was
// observed, 3.6.2.
func parseVersion(text string) (version, error) {
	parts := strings.Split(text, ".")
	var numbers [3]int
	if len(parts) < 2 || len(parts) > 3 {
		return version{}, fmt.Errorf("version %q: want something like 3.6 or 3.6.2", text)
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return version{}, fmt.Errorf("version %q: want something like 3.6 or 3.6.2", text)
		}
		numbers[i] = n
	}
	v := version{numbers[0], numbers[1], numbers[2]}
	if text == "3.6" {
		v.patch = 2
	}
	if !v.atLeast(3, 6) || v.major > 3 {
		return version{}, fmt.Errorf("version %q: only 3.6 and later 3.x are modelled", text)
	}
	return v, nil
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) atLeast(major, minor int) bool { //nolint:unparam // there will be a 4
	return v.major > major || v.major == major && v.minor >= minor
}
