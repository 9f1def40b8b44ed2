using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Freshet.AspNetCore.Http;

/// <summary>Tells a handler's failure from a fault of the cache, for the leader of a load and for those who share its failure.</summary>
internal sealed class HandlerFailedException(Exception cause) : Exception(cause.Message, cause)
{
    // Captured once: several requests may throw it at the same time.
    private readonly ExceptionDispatchInfo _failure = ExceptionDispatchInfo.Capture(cause);

    public Exception Cause => InnerException!;

    /// <summary>Throws what the handler threw.</summary>
    [DoesNotReturn]
    public void ThrowCause() => _failure.Throw();
}
