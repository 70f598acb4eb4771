// Package report is the outcome of a run, in forms for people and machines. A
// [Report] is plain data with a documented JSON form; every other form is made
// of it alone, so that a recorded one can be shown in any.
package report
