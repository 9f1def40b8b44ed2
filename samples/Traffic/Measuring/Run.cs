namespace Traffic.Measuring;

/// <summary>One play of the script: what the clients got, what the origin did for it, and how long a miss takes.</summary>
/// <param name="Duration">Wall time of the play.</param>
/// <param name="Clients">What all clients got together.</param>
/// <param name="Origin">What the origin did for them.</param>
/// <param name="Cold">The same with the warm-up before it, from the first request on.</param>
/// <param name="Probes">How long each read of the probe took, in the probe's order.</param>
/// <param name="EventDelays">How long after its acknowledgement each write was told to the other clients; empty without events.</param>
internal sealed record Run(
    TimeSpan Duration, Measures Clients, OriginCounts Origin, ColdCounts Cold, IReadOnlyList<Probe> Probes, Histogram EventDelays)
{
    /// <summary>Of <see cref="EventDelays"/>, those of clients that another node told than the one that wrote.</summary>
    public Histogram EventDelaysElsewhere { get; init; } = new();

    /// <summary>Loads that brought what an earlier one of the same key had brought: nothing they show was written in between.</summary>
    public long LoadedAgain { get; init; }
}

/// <summary>Answers and SQL commands from the first request on.</summary>
internal readonly record struct ColdCounts(long Answers, long Commands);

/// <summary>One read of the probe.</summary>
/// <param name="Took">Its latency.</param>
/// <param name="Missed">Whether it was a miss: always when there is no cache.</param>
internal readonly record struct Probe(TimeSpan Took, bool Missed);
