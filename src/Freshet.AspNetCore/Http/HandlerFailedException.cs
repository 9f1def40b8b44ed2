namespace Freshet.AspNetCore.Http;

/// <summary>Tells a handler's failure from a fault of the cache, for the leader of a load and for those who share its failure.</summary>
internal sealed class HandlerFailedException(Exception cause) : Exception(cause.Message, cause)
{
    public Exception Cause => InnerException!;
}
