using System.Globalization;
using Freshet.Benchmarks;
using Freshet.Benchmarks.HitRatio;
using Freshet.Benchmarks.Http;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    switch (args.FirstOrDefault())
    {
        case "hitratio":
            HitRatioTable.Print(Console.Out);
            return 0;
        case "http":
            await HttpBenchmarks.HitsAsync(Console.Out, BenchmarkOptions.Parse(args[1..]));
            return 0;
        case LoadProcess.Command:
            return await LoadGenerator.ServeAsync();
        default:
            throw new UsageException("Say which: hitratio, http.");
    }
}
catch (UsageException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    Console.Error.WriteLine("usage: dotnet run -c Release --project bench/Freshet.Benchmarks -- COMMAND [--rounds N] [--seconds S]");
    return 2;
}
