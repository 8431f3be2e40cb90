// appendInteger compared with the standard library.

package index

import (
	"math"
	"strconv"
	"testing"
)

func TestAppendIntegerReturnsSameAsStandardLibrary(t *testing.T) {
	values := []int64{0, 9, 10, 99, 100, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	for power := int64(1); power < math.MaxInt64/10; power *= 10 {
		values = append(values, power-1, power, power+1, 7*power)
	}
	for _, value := range values {
		for _, signed := range []int64{value, -value} {
			if found := string(appendInteger([]byte("x"), signed)); found != "x"+strconv.FormatInt(signed, 10) {
				t.Errorf("%d is printed as %s", signed, found)
			}
		}
	}
}
