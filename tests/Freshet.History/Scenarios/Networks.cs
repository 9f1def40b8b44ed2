namespace Freshet.History.Scenarios;

/// <summary>The server is well, the way to it is not.</summary>
internal static class Networks
{
    public static Scenario[] All { get; } =
    [
        new("frozen-reply", Topology.Single, FreezeAsync),
        new("drops-in-reply", Topology.Single, DropInRepliesAsync),
        new("half-closed", Topology.Single, HalfCloseAsync),
        new("delayed", Topology.Single, DelayAsync) { LosesContact = false },
        new("cut", Topology.Single, CutAsync),
        new("partitioned", Topology.Single, PartitionAsync),
    ];

    private static async Task FreezeAsync(Stage stage)
    {
        var node = stage.AnyNode();
        stage.Note($"what Redis says to node {node} is held up");
        stage.Proxies[node].FreezeReplies();
        await stage.HoldAsync(5, brief: 2.2);
        stage.Proxies[node].Restore();
        stage.Note("it arrives");
    }

    private static async Task DropInRepliesAsync(Stage stage)
    {
        stage.Note("connections end in the middle of replies");
        for (var i = 0; i < (stage.IsBrief ? 6 : 12); i++)
        {
            stage.Proxies[stage.AnyNode()].DropInReply();
            await stage.HoldAsync(0.05 + (stage.Dice.NextDouble() / 3));
        }
    }

    private static async Task HalfCloseAsync(Stage stage)
    {
        for (var i = 0; i < 4; i++)
        {
            var node = stage.AnyNode();
            stage.Note($"half of node {node}'s connections are closed");
            stage.Proxies[node].HalfClose();
            await stage.HoldAsync(0.3 + (stage.Dice.NextDouble() / 2));
        }
    }

    private static async Task DelayAsync(Stage stage)
    {
        foreach (var proxy in stage.Proxies)
            proxy.Delay = TimeSpan.FromMilliseconds(stage.Dice.Next(20, 400));
        stage.Note("everything takes " + string.Join(", ", stage.Proxies.Select(p => $"{p.Delay.TotalMilliseconds:F0}")) + " ms longer");
        await stage.HoldAsync(4, brief: 2.5);
        foreach (var proxy in stage.Proxies)
            proxy.Restore();
    }

    private static async Task CutAsync(Stage stage)
    {
        var node = stage.AnyNode();
        stage.Note($"node {node} is refused");
        stage.Proxies[node].Cut();
        await stage.HoldAsync(0.2 + (2 * stage.Dice.NextDouble()));
        stage.Proxies[node].Restore();
        stage.Note("it may come again");
    }

    private static async Task PartitionAsync(Stage stage)
    {
        var node = stage.AnyNode();
        stage.Note($"node {node} is cut off, and nobody is told");
        stage.Proxies[node].Partition();
        await stage.HoldAsync(4, brief: 2.5);
        stage.Proxies[node].Restore();
        stage.Note("everything arrives");
    }
}
