using Freshet.History.Judging;
using Freshet.History.Nodes;

namespace Freshet.History.Playing;

/// <summary>How a scenario is played.</summary>
internal sealed record PlayOptions
{
    /// <summary>At least so many rows are read.</summary>
    public long Reads { get; init; } = 100_000;

    /// <summary>Whether that is enough; if not, up to eight rounds are played.</summary>
    public Func<Tally, bool> IsEnough { get; init; } = _ => true;

    public int Seed { get; init; } = 1;

    public int Nodes { get; init; } = 3;

    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Faults do not last as long as they might.</summary>
    public bool IsBrief { get; init; }

    /// <summary>By node: what it does wrong on purpose; those that are not named do nothing wrong.</summary>
    public IReadOnlyList<Plant> Plants { get; init; } = [];

    public Plant PlantOn(int node) => node < Plants.Count ? Plants[node] : Plant.None;

    public LoadSize Load { get; init; } = new();

    /// <summary>Where each operation is written; null: nowhere.</summary>
    public string? Log { get; init; }
}
