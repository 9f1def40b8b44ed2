namespace Freshet.History.Scenarios;

/// <summary>What stands behind the nodes' address of Redis.</summary>
internal enum Topology
{
    /// <summary>One server, each node's connections through a proxy.</summary>
    Single,

    /// <summary>A primary and a replica, each node's connections through a proxy that can lead to either of them, as a moved address does.</summary>
    Pair,

    /// <summary>A primary and a replica that three sentinels watch; the nodes find the primary by themselves.</summary>
    Sentinel,

    /// <summary>Three primaries, each with a replica.</summary>
    Cluster,
}

/// <summary>What goes wrong, from a running system back to one. It is played in rounds until enough was read.</summary>
/// <param name="Name">As the command names it.</param>
/// <param name="Topology">On what.</param>
/// <param name="Play">One round: it brings the fault about and heals it. What was cut is in contact again by itself.</param>
internal sealed record Scenario(string Name, Topology Topology, Func<Stage, Task> Play)
{
    /// <summary>More settings of each Redis server.</summary>
    public string[] Settings { get; init; } = [];

    /// <summary>Whether some node must have lost contact.</summary>
    public bool LosesContact { get; init; } = true;

    /// <summary>Whether some log must have begun another epoch.</summary>
    public bool BeginsEpochs { get; init; }

    /// <summary>All of them, in the order of the documents.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("calm", Topology.Single, stage => stage.HoldAsync(3, brief: 1.5)) { LosesContact = false },
        .. Restarts.All,
        .. Failovers.All,
        .. Networks.All,
        .. FullMemory.All,
        .. Clusters.All,
        new("node-killed", Topology.Single, KillNodeAsync) { LosesContact = false },
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(s => s.Name == name);

    // In the middle of loads and writes.
    private static async Task KillNodeAsync(Stage stage)
    {
        var node = stage.Dice.Next(stage.Nodes.Count);
        await stage.KillNodeAsync(node);
        await stage.HoldAsync(0.5);
        await stage.StartNodeAsync(node);
    }
}
