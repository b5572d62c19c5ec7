package segment

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
)

// order compares two values of one type, or numbers.
func order(a, b any) int {
	if x, ok := a.(int64); ok {
		if y, ok := b.(decimal); ok {
			return scaled(x).n.Cmp(y.n)
		}
		return big.NewInt(x).Cmp(big.NewInt(b.(int64)))
	}
	switch x := a.(type) {
	case decimal:
		return x.n.Cmp(b.(decimal).n)
	case float64:
		return cmpFloat(x, b.(float64))
	case string:
		return strings.Compare(x, b.(string))
	case day:
		return strings.Compare(string(x), string(b.(day)))
	case time.Time:
		return x.Compare(b.(time.Time))
	case time.Duration:
		return int(max(min(x-b.(time.Duration), 1), -1))
	}
	panic(fmt.Sprintf("no order of %T", a))
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func scaled(i int64) decimal { return decimal{new(big.Int).Mul(big.NewInt(i), big.NewInt(10000))} }

var decimalLimit = new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil)

// fit is n, missing if it has more than eighteen digits.
func fit(n *big.Int) any {
	if new(big.Int).Abs(n).Cmp(decimalLimit) >= 0 {
		return nil
	}
	return decimal{n}
}

func fitInt(n *big.Int) any {
	if !n.IsInt64() {
		return nil
	}
	return n.Int64()
}

// float is a decimal as the nearest double.
func (d decimal) float() float64 {
	f, _ := new(big.Rat).SetFrac(d.n, big.NewInt(10000)).Float64()
	return f
}

func float(v any) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case decimal:
		return x.float()
	}
	return v.(float64)
}

// fromFloat rounds half away from zero.
func fromFloat(f float64) any {
	r := math.Round(f * 10000)
	if math.IsNaN(r) || math.Abs(r) >= 1e18 {
		return nil
	}
	return decimal{big.NewInt(int64(r))}
}

// roundHalfAway divides by ten thousand.
func roundHalfAway(n *big.Int) *big.Int {
	half := big.NewInt(5000)
	if n.Sign() < 0 {
		half.Neg(half)
	}
	return new(big.Int).Quo(new(big.Int).Add(n, half), big.NewInt(10000))
}

// fold is sum, avg, min or max of values that are all there.
func fold(fn, t string, values []any) any {
	if len(values) == 0 {
		if fn == "sum" {
			return map[string]any{"integer": int64(0), "decimal": decimal{new(big.Int)}, "double": 0.0}[t]
		}
		return nil
	}
	switch fn {
	case "min":
		return slices.MinFunc(values, order)
	case "max":
		return slices.MaxFunc(values, order)
	}
	sum, float := new(big.Int), 0.0
	for _, v := range values {
		switch x := v.(type) {
		case int64:
			sum.Add(sum, big.NewInt(x))
		case decimal:
			sum.Add(sum, x.n)
		case float64:
			float += x
		}
	}
	switch {
	case t == "integer":
		return fitInt(sum)
	case t == "double" && fn == "avg":
		return float / float64(len(values))
	case t == "double":
		return float
	case fn == "avg":
		return fromFloat(decimal{sum}.float() / float64len(values))
	}
	return fit(sum)
}

func float64len(v []any) float64 { return float64(len(v)) }

func showDecimal(d decimal) string {
	text := new(big.Rat).SetFrac(d.n, big.NewInt(10000)).FloatString(4)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}
