using Freshet.History.Servers;

namespace Freshet.History.Playing;

/// <summary>How many clients there are, and how fast those write that write.</summary>
/// <param name="Sessions">Clients that write and read, and carry positions.</param>
/// <param name="ReadersPerNode">Clients of each node that only read, as fast as they can, and carry nothing.</param>
/// <param name="Pause">Between two rounds of a session at most so many milliseconds.</param>
internal sealed record LoadSize(int Sessions = 9, int ReadersPerNode = 2, int Pause = 40);

/// <summary>The clients, from when it is made until it is stopped.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly IReadOnlyList<NodeProcess> _nodes;
    private readonly int[] _writable;
    private readonly Task _all;
    private volatile bool _isStopping;

    /// <param name="nodes">Whom they ask.</param>
    /// <param name="writable">The numbers of those on which they write.</param>
    /// <param name="history">Told of each call.</param>
    /// <param name="size">How many they are.</param>
    /// <param name="seed">Of all that they choose.</param>
    public Load(IReadOnlyList<NodeProcess> nodes, int[] writable, History history, LoadSize size, int seed)
    {
        (_nodes, _writable) = (nodes, writable);
        var clients = new List<Task>();
        for (var i = 0; i < size.Sessions; i++)
            clients.Add(RunSessionAsync(new Caller(nodes, history, i, i % World.Tenants), new Random(seed + i), size.Pause));
        for (var node = 0; node < nodes.Count; node++)
        {
            for (var i = 0; i < size.ReadersPerNode; i++)
                clients.Add(RunReaderAsync(node, history, new Random(seed + 1000 + (node * 100) + i)));
        }

        _all = Task.WhenAll(clients);
    }

    /// <summary>Ends once a client has failed otherwise than its node may.</summary>
    public Task Ended => _all;

    public Task StopAsync()
    {
        _isStopping = true;
        return _all;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    // Writes somewhere, then looks for it everywhere.
    private async Task RunSessionAsync(Caller caller, Random dice, int pause)
    {
        await Task.Yield();
        while (!_isStopping)
        {
            var row = RowFor(caller.Tenant, dice);
            if (dice.Next(3) > 0)
                await caller.WriteAsync(_writable[dice.Next(_writable.Length)], row);
            for (var reads = dice.Next(1, 4); reads > 0; reads--)
                await ReadAsync(caller, AnyNode(dice), row, dice);
            await Task.Delay(TimeSpan.FromMilliseconds(dice.Next(pause + 1)), TimeProvider.System);
        }
    }

    private async Task RunReaderAsync(int node, History history, Random dice)
    {
        await Task.Yield();
        Caller[] callers = [.. Enumerable.Range(0, World.Tenants).Select(tenant => new Caller(_nodes, history, -1, tenant))];
        while (!_isStopping)
        {
            var caller = callers[dice.Next(World.Tenants)];
            await ReadAsync(caller, node, RowFor(caller.Tenant, dice), dice);
            if (_nodes[node].Running is null)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private static Task ReadAsync(Caller caller, int node, int row, Random dice) => dice.Next(10) switch
    {
        < 4 => caller.ReadItemAsync(node, row),
        < 6 => caller.ReadListAsync(node, row),
        _ => caller.ReadDataAsync(node),
    };

    private int AnyNode(Random dice) => dice.Next(_nodes.Count);

    // One in four of those that everybody shares.
    private static int RowFor(int tenant, Random dice) =>
        ((dice.Next(4) == 0 ? World.Shared : tenant) * World.RowsPerTenant) + dice.Next(World.RowsPerTenant);
}
