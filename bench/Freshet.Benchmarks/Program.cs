using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Freshet.Benchmarks;
using Freshet.Benchmarks.Data;
using Freshet.Benchmarks.HitRatio;
using Freshet.Benchmarks.Http;
using Freshet.Benchmarks.Resp;
using Freshet.Benchmarks.Sockets;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    switch (args.FirstOrDefault())
    {
        case "hitratio":
            HitRatioTable.Print(Console.Out);
            return 0;
        case "data-hits":
            BenchmarkRunner.Run<DataHitBenchmarks>(InProcess(), args[1..]);
            return 0;
        case "tags":
            await TagTable.PrintAsync(Console.Out);
            return 0;
        case "coalescing":
            await CoalescingTable.PrintAsync(Console.Out);
            return 0;
        case "http":
            await HttpBenchmarks.HitsAsync(Console.Out, BenchmarkOptions.Parse(args[1..]));
            return 0;
        case "authenticated":
            await HttpBenchmarks.AuthenticatedAsync(Console.Out, BenchmarkOptions.Parse(args[1..]));
            return 0;
        case "connections":
            await HttpBenchmarks.ConnectionsAsync(Console.Out, BenchmarkOptions.Parse(args[1..]));
            return 0;
        case "sockets":
            await SocketBenchmark.RunAsync(Console.Out, SocketOptions.Parse(args[1..]));
            return 0;
        case "resp":
            await RespBenchmark.RunAsync(Console.Out, BenchmarkOptions.Parse(args[1..]));
            return 0;
        case LoadProcess.Command:
            return await LoadGenerator.ServeAsync();
        case SocketLoad.Command:
            return await SocketLoad.ServeAsync();
        case SocketServer.Command:
            return await SocketServer.ServeAsync();
        default:
            throw new UsageException("Say which: hitratio, data-hits, tags, coalescing, http, authenticated, connections, sockets, resp.");
    }
}
catch (UsageException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    Console.Error.WriteLine("usage: dotnet run -c Release --project bench/Freshet.Benchmarks -- COMMAND [--rounds N] [--seconds S] [--connections N]");
    return 2;
}

// In this process: no project is generated and built, so the benchmark runs where the SDK's defaults do not apply.
static IConfig InProcess() => DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
