// Counts the birds of each species in the dataset and in a visitor's own table, and plots both.
// Usage: count DATA TABLE COUNTS.csv PLOT.svg
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Sizes in the plot.
const (
	rowHeight  = 36
	labelWidth = 90
	barWidth   = 400
)

func main() {
	if len(os.Args) != 5 {
		fail(errors.New("usage: count DATA TABLE COUNTS.csv PLOT.svg"))
	}
	tables, err := filepath.Glob(filepath.Join(os.Args[1], "counts", "*.csv"))
	fail(err)
	data, yours := map[string]int{}, map[string]int{}
	for _, table := range tables {
		fail(add(table, data))
	}
	fail(add(os.Args[2], yours))
	both := maps.Clone(data)
	maps.Copy(both, yours)
	species := slices.Sorted(maps.Keys(both))
	fail(os.WriteFile(os.Args[3], table(species, data, yours), 0o666))
	fail(os.WriteFile(os.Args[4], plot(species, data, yours), 0o666))
	fmt.Printf("%d species, %d tables of the dataset\n", len(species), len(tables))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// add adds the column count of a table to the sums by the column species. An empty cell counts as 0.
func add(path string, sums map[string]int) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := csv.NewReader(file)
	header, err := reader.Read()
	species, count := slices.Index(header, "species"), slices.Index(header, "count")
	if err != nil || species < 0 || count < 0 {
		return fmt.Errorf("%q has no columns species and count: add them", path)
	}
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		number, err := strconv.Atoi("0" + row[count])
		if err != nil {
			return fmt.Errorf("%q: the count %q is no number", path, row[count])
		}
		sums[row[species]] += number
	}
}

func table(species []string, data, yours map[string]int) []byte {
	var out strings.Builder
	writer := csv.NewWriter(&out)
	writer.Write([]string{"species", "in_the_dataset", "in_your_table"})
	for _, name := range species {
		writer.Write([]string{name, strconv.Itoa(data[name]), strconv.Itoa(yours[name])})
	}
	writer.Flush()
	return []byte(out.String())
}

// plot returns an SVG with two bars for each species, in proportion to the largest number.
func plot(species []string, data, yours map[string]int) []byte {
	most := 1
	for _, name := range species {
		most = max(most, data[name], yours[name])
	}
	var out strings.Builder
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n",
		labelWidth+barWidth+60, rowHeight*len(species)+10)
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for row, name := range species {
		top := row*rowHeight + 10
		fmt.Fprintf(&out, "<text x=\"0\" y=\"%d\">%s</text>\n", top+18, escape.Replace(name))
		for place, bar := range []struct {
			colour string
			number int
		}{{"#2f6fb2", data[name]}, {"#d9822b", yours[name]}} {
			width := barWidth * bar.number / most
			fmt.Fprintf(&out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"12\" fill=\"%s\"/>\n", labelWidth, top+14*place, width, bar.colour)
			fmt.Fprintf(&out, "<text x=\"%d\" y=\"%d\">%d</text>\n", labelWidth+width+4, top+14*place+11, bar.number)
		}
	}
	out.WriteString("</svg>\n")
	return []byte(out.String())
}
