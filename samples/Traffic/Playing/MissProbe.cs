using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>
/// Measures what a miss costs: one client alone changes a row and then reads what shows it, so that with Freshet each read is
/// a miss and without it the same read of the same state. Played after the traffic, in both runs alike.
/// </summary>
internal static class MissProbe
{
    public const int Reads = 400;

    public static async Task<IReadOnlyList<Probe>> RunAsync(Browser browser, TenantWorld world, CancellationToken cancel)
    {
        await browser.SignInAsync(cancel);
        List<Probe> probes = [];
        for (var number = 0; number < Reads; number++)
        {
            var (write, read) = Pair(world, number);
            await browser.SendAsync(write, cancel);
            var reply = await browser.SendAsync(read, cancel);
            probes.Add(new Probe(reply.Took, reply.Cache is null or "MISS"));
        }

        return probes;
    }

    private static (Call Write, Call Read) Pair(TenantWorld world, int number)
    {
        var engagement = world.Engagements[number % world.Engagements.Count];
        var import = world.Imports[number % world.Imports.Count];
        var asset = engagement.Assets[number % engagement.Assets.Count];
        var changeAsset = Api.PatchAsset(asset, $"Probed {number}");
        return (number % 5) switch
        {
            0 => (changeAsset, Api.Asset(asset)),
            1 => (changeAsset, Api.Assets(engagement.Id, 1, 25)),
            2 => (changeAsset, Api.Dashboard),
            3 => (Api.RenameEngagement(engagement.Id, $"Probed {number}", "active"), Api.Engagement(engagement.Id)),
            _ => (Api.PatchMapping(import.Mappings[0], target: $"probed {number}"), Api.Mappings(import.Id)),
        };
    }
}
