namespace Freshet.Benchmarks.HitRatio;

/// <summary>Hit ratios of the memory tier beside other policies, on the same requests and for the same number of entries.</summary>
internal static class HitRatioTable
{
    private static readonly int[] Capacities = [500, 2_000, 10_000];

    public static void Print(TextWriter output)
    {
        output.WriteLine($"| requests | entries | {string.Join(" | ", Contenders.All.Select(c => c.Name))} |");
        output.WriteLine($"|---|---|{string.Concat(Contenders.All.Select(_ => "---|"))}");
        foreach (var trace in Trace.All())
        {
            foreach (var capacity in Capacities)
            {
                var ratios = Contenders.All.Select(contender => $"{Measure(contender.Make(capacity), trace.Requests):P1}");
                output.WriteLine($"| {trace.Name} | {capacity:N0} | {string.Join(" | ", ratios)} |");
            }
        }
    }

    private static double Measure(Ask ask, int[] requests)
    {
        var hits = requests.Count(key => ask(key));
        return (double)hits / requests.Length;
    }
}
