namespace IdP.Benchmarks;

/// <summary>A row or the whole run cannot be measured; the message says why.</summary>
internal sealed class BenchmarkException(string message, Exception? inner = null) : Exception(message, inner);
