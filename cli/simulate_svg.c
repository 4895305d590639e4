/* simulate_svg.c - what was used and what waited over time, as a picture that any browser shows: two panels, a line an
 * order. Means over the width of a pixel, so that a picture of a year is no larger than one of a day. */
#include <errno.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "simulate.h"

#define BINS 800
#define LEFT 70
#define PANEL_H 220
#define TOP 60
#define GAP 50

static const char *const colours[] = {"#1b6ca8", "#c8553d", "#3d8b37", "#8e5aa8",
                                      "#b8860b", "#2a9d8f", "#d6336c", "#555555"};
#define N_COLOURS (sizeof colours / sizeof *colours)

struct series {
    double busy[BINS], waiting[BINS];
};

/* The mean of the samples over each bin of [begin, end). */
static void fill (const struct sim_run *run, uint64_t begin, uint64_t end, struct series *ret)
{
    double width = (double) (end - begin) / BINS;

    memset (ret, 0, sizeof *ret);
    for (size_t i = 0; i < run->n_samples && width > 0; i++) {
        double from = (double) (run->samples[i].at_s - begin) / width;
        double until = (double) ((i + 1 < run->n_samples ? run->samples[i + 1].at_s : run->end_s) - begin) / width;
        for (double at = from; at < until && (size_t) at < BINS;) {
            size_t bin = (size_t) at;
            double stop = until < (double) bin + 1 ? until : (double) bin + 1;
            ret->busy[bin] += (stop - at) * run->samples[i].busy;
            ret->waiting[bin] += (stop - at) * run->samples[i].waiting;
            at = stop;
        }
    }
}

/* The least 1, 2 or 5 times a power of ten that is not below. */
static double round_up (double value)
{
    static const double steps[] = {1, 2, 5, 10};
    double base = 1;

    while (base * 10 <= value)
        base *= 10;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (base * steps[i] >= value)
            return base * steps[i];
    return base * 10;
}

static void put_text (struct buf *out, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '<': buf_puts (out, "&lt;"); break;
        case '&': buf_puts (out, "&amp;"); break;
        default: buf_putc (out, (unsigned char) *s < ' ' ? '?' : *s);
        }
}

static void label (struct buf *out, double x, double y, const char *anchor, const char *text)
{
    buf_printf (out, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">", x, y, anchor);
    put_text (out, text);
    buf_puts (out, "</text>\n");
}

static void axes (struct buf *out, double top, double most, const char *title, double days)
{
    char text[64];

    label (out, LEFT, top - 8, "start", title);
    for (int i = 0; i <= 4; i++) {
        double y = top + PANEL_H - PANEL_H * i / 4.0;
        buf_printf (out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n", LEFT, LEFT + BINS,
                    y, y);
        snprintf (text, sizeof text, "%g", most * i / 4);
        label (out, LEFT - 6, y + 4, "end", text);
    }
    for (int i = 0; i <= 4; i++) {
        snprintf (text, sizeof text, days >= 8 ? "day %.0f" : "day %.1f", days * i / 4);
        label (out, LEFT + BINS * i / 4.0, top + PANEL_H + 16, "middle", text);
    }
}

static void line (struct buf *out, const double *values, double top, double most, const char *colour)
{
    buf_printf (out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.2\" points=\"", colour);
    for (int i = 0; i < BINS; i++)
        buf_printf (out, "%d,%.1f ", LEFT + i, top + PANEL_H - PANEL_H * values[i] / most);
    buf_puts (out, "\"/>\n");
}

static void bounds (const struct sim_report *report, uint64_t *ret_begin, uint64_t *ret_end)
{
    *ret_begin = UINT64_MAX;
    *ret_end = 0;
    for (size_t i = 0; i < report->n_rows; i++) {
        const struct sim_run *run = &report->rows[i].run;
        *ret_begin = run->begin_s < *ret_begin ? run->begin_s : *ret_begin;
        *ret_end = run->end_s > *ret_end ? run->end_s : *ret_end;
    }
}

static double most_waiting (const struct series *all, size_t n)
{
    double most = 1;

    for (size_t i = 0; i < n; i++)
        for (int b = 0; b < BINS; b++)
            most = all[i].waiting[b] > most ? all[i].waiting[b] : most;
    return round_up (most);
}

static void draw (struct buf *out, const struct sim_report *report, const struct series *all, double days)
{
    double cpus = (double) report->rows[0].run.capacity, waiting = most_waiting (all, report->n_rows);
    double second = TOP + PANEL_H + GAP;

    buf_printf (out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                LEFT + BINS + 30, (int) second + PANEL_H + 40);
    label (out, LEFT, 20, "start", report->trace_path);
    axes (out, TOP, cpus, "CPUs in use", days);
    axes (out, second, waiting, "jobs that wait", days);
    for (size_t i = 0; i < report->n_rows; i++) {
        const char *colour = colours[i % N_COLOURS];
        line (out, all[i].busy, TOP, cpus ? cpus : 1, colour);
        line (out, all[i].waiting, second, waiting, colour);
        buf_printf (out, "<rect x=\"%zu\" y=\"28\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", LEFT + 200 + i * 90,
                    colour);
        label (out, (double) (LEFT + 214 + i * 90), 37, "start", report->rows[i].order);
    }
    buf_puts (out, "</svg>\n");
}

int sim_write_svg (const char *path, const struct sim_report *report, struct err *err)
{
    _cleanup_free_ struct series *all = xcalloc (report->n_rows, sizeof *all);
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_fclose_ FILE *file = NULL;
    uint64_t begin, end;

    bounds (report, &begin, &end);
    for (size_t i = 0; i < report->n_rows; i++)
        fill (&report->rows[i].run, begin, end, &all[i]);
    draw (&out, report, all, (double) (end - begin) / 86400);
    file = fopen (path, "w");
    if (!file)
        return err_errno (err, errno, "%s cannot be written", path);
    if (fwrite (out.data, 1, out.len, file) != out.len || fflush (file))
        return err_errno (err, errno, "%s cannot be written", path);
    return 0;
}
