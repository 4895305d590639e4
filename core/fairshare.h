/* fairshare.h - who has had how much of his share: Fair Tree, as Slurm's documentation describes it.
 *
 * Among brothers each has a level fairshare LF = S / U: S is its part of their shares, U its part of what they used.
 * The tree is walked depth first, brothers in the order of their LF, highest first; accounts with equal LF are walked
 * as one, users with equal LF have the same rank, and so has the first user of an account with that LF. The user met
 * first of n has the factor 1, the next (n - 1) / n and so on: so that no user of an account comes before one of a
 * brother account that has a higher LF. Source: "Fair Tree Fairshare Algorithm", Slurm's documentation; Levi Morrison,
 * Ryan Cox, BYU 2014. */
#pragma once

struct core;

/* Calculates anew if the tree or what was used has changed since. Not state: an order that rests on it is in Placed
 * events. */
void fairshare_refresh (struct core *core);
