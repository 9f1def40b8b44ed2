using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MigrationPlatform.Tests.Hosting;

/// <summary>What was logged: level, message and whether an exception came along.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message, bool HasException)> _lines = new();

    public IReadOnlyList<(LogLevel Level, string Message, bool HasException)> All => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception), exception is not null));

    public void Dispose()
    {
    }
}
