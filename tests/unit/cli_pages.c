/* Every command with a table has a page: examples that its parser would take, a usage, words for completion. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "pages.h"
#include "suite.h"

static bool has_long (const struct optable_page *page, const char *name, size_t len)
{
    for (size_t i = 0; i < page->n; i++)
        if (!strncmp (page->rows[i].name, name, len) && !page->rows[i].name[len])
            return true;
    return false;
}

static bool has_letter (const struct optable_page *page, char letter)
{
    for (size_t i = 0; i < page->n; i++)
        if (page->rows[i].letter == letter)
            return true;
    return false;
}

/* The first command of the example: its options are options of the page. */
static void check_example (const struct optable_page *page, const char *example)
{
    _cleanup_free_ char *text = xstrndup (example, strcspn (example, "|;"));

    ck_assert_msg (!strncmp (example, page->tool, strlen (page->tool)), "%s: %s", page->tool, example);
    for (char *word = strtok (text, " "); word; word = strtok (NULL, " "))
        if (!strncmp (word, "--", 2))
            ck_assert_msg (has_long (page, word + 2, strcspn (word + 2, "=")), "%s: %s", example, word);
        else if (word[0] == '-' && word[1])
            ck_assert_msg (has_letter (page, word[1]), "%s: %s", example, word);
}

static char *printed (void (*print) (FILE *out, const struct optable_page *page), const struct optable_page *page)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream (&text, &len);

    ck_assert_ptr_nonnull (out);
    print (out, page);
    fclose (out);
    return text;
}

START_TEST (examples_are_what_the_parser_takes)
{
    const struct optable_page *page;
    const char *command = NULL;
    size_t n = 0;

    for (; (page = page_nth (n, &command)); n++) {
        ck_assert_ptr_eq (page_find (command), page);
        ck_assert_ptr_nonnull (page->examples[0].command);
        for (const struct optable_example *e = page->examples; e->command; e++) {
            check_example (page, e->command);
            ck_assert (*e->meaning);
        }
    }
    ck_assert_uint_ge (n, 14);
    ck_assert_ptr_null (page_find ("no-such-command"));
}
END_TEST

START_TEST (every_option_is_on_every_page)
{
    const struct optable_page *page;
    const char *command = NULL;

    for (size_t n = 0; (page = page_nth (n, &command)); n++) {
        _cleanup_free_ char *help = printed (optable_page_help, page), *man = printed (optable_page_man, page),
                            *words = printed (optable_page_words, page), *usage = printed (optable_page_usage, page);
        for (size_t i = 0; i < page->n; i++) {
            _cleanup_free_ char *name = xasprintf ("--%s", page->rows[i].name);
            bool shown = page->rows[i].help != NULL;
            ck_assert_msg (!shown || (strstr (help, name) && strstr (words, name)), "%s %s", command, name);
            ck_assert_msg (!shown || page->rows[i].arg != ARG_REQUIRED || page->rows[i].value, "%s %s", command, name);
        }
        ck_assert (strstr (help, "\nExamples:\n") && strstr (man, ".SH OPTIONS\n") && strstr (man, ".SH EXAMPLES\n"));
        ck_assert (!strncmp (usage, "Usage: ", 7) && usage[strlen (usage) - 1] == '\n');
        for (const char *line = usage; *line; line += strcspn (line, "\n") + 1)
            ck_assert_uint_le (strcspn (line, "\n"), 100);
    }
}
END_TEST

SUITE ("cli/pages", examples_are_what_the_parser_takes, every_option_is_on_every_page)
