namespace Traffic.Scripts;

/// <summary>
/// What the simulated users do, and how often: docs/guide/traffic.md gives the source of each figure.
/// Times are those of the users, before <see cref="Speed"/> shortens them.
/// </summary>
internal sealed record Mix
{
    /// <summary>How many times faster than life the script is played.</summary>
    public double Speed { get; init; } = 40;

    /// <summary>Mean time between two pages of one user.</summary>
    public TimeSpan Think { get; init; } = TimeSpan.FromSeconds(7.5);

    /// <summary>Mean time that a user stays with one window before turning to another, and away before coming back.</summary>
    public TimeSpan Attention { get; init; } = TimeSpan.FromSeconds(47);

    /// <summary>How often an open dashboard asks again.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The share of pages on which a user who may write does so, if there is something to write.</summary>
    public double WritesPerPage { get; init; } = 0.05;

    /// <summary>How many users work on one engagement.</summary>
    public int TeamSize { get; init; } = 6;

    /// <summary>The share of pages that show another engagement than the team's.</summary>
    public double LooksElsewhere { get; init; } = 0.1;

    /// <summary>Of a tenant's users, the share that leaves the dashboard open and only watches it.</summary>
    public double Watchers { get; init; } = 0.1;

    public int PageSize { get; init; } = 25;

    public int RowsOnScreen { get; init; } = 10;
}
