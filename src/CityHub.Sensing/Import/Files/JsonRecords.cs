using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Import.Files;

/// <summary>
/// The elements of one array of a JSON document, one at a time, however large the document is. JSON that breaks off or goes wrong in between ends the
/// reading there: nobody can say where the next element begins.
/// </summary>
internal sealed class JsonRecords : RecordReader
{
    private const int MostDepth = 256;

    private readonly ByteWindow _window;
    private readonly byte[][] _path;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = MostDepth });
    private Place _place = Place.Before;
    private int _matched;
    private int _skipTo = -1;

    /// <param name="path">The names on the way to the array; none: the document itself, which may also be one element alone.</param>
    public JsonRecords(ByteWindow window, IReadOnlyList<string> path) => (_window, _path) = (window, [.. path.Select(Encoding.UTF8.GetBytes)]);

    private enum Place : byte
    {
        Before,
        Inside,
        Alone,
        After,
    }

    public override async ValueTask<Result<bool>> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (_place == Place.After)
                return false;
            Step step;
            try
            {
                step = _place == Place.Before ? Seek() : Element();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException) // half a surrogate pair in a name is the latter
            {
                var cut = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
                return Unreadable(
                    _window.Final && _window.Span.Length == 0 ? $"The file ends in the middle, after {Row} elements." : $"After {Row} elements it is not JSON: {(cut < 0 ? e.Message : e.Message[..cut])}",
                    Row == 0 ? "Is it NDJSON (a document a line)? --format ndjson" : "What came before is read. Repair the file from there on; what is recorded already will not be doubled.");
            }

            switch (step)
            {
                case Step.Found:
                    Row++;
                    return true;
                case Step.More when _window.Final:
                    return Unreadable($"The file ends in the middle, after {Row} elements.", "What came before is read; was the file transferred whole?");
                case Step.More when !await _window.FillAsync(cancel) && _window.IsFull:
                    return Unreadable($"Element {Row + 1} is larger than {ByteWindow.MostRecord} bytes.", "Where are the readings? The member each of the mapping leads to them: $.data[*]");
                case Step.Missing:
                    return Unreadable(
                        _path.Length == 0 ? "The document is neither an array nor an object." : $"There is no array at $.{string.Join('.', _path.Select(Encoding.UTF8.GetString))}.",
                        "The member each of the mapping leads to the readings: $.data[*]");
                default:
                    break;
            }
        }
    }

    public override ValueTask DisposeAsync() => _window.DisposeAsync();

    private enum Step : byte
    {
        Found,
        More,
        Missing,
        Again,
    }

    /// <summary>Down to the array, passing over everything else token by token.</summary>
    private Step Seek()
    {
        var reader = new Utf8JsonReader(_window.Span, _window.Final, _state);
        while (true)
        {
            if (!reader.Read())
            {
                Keep(reader);
                return _window.Final ? Step.Missing : Step.More;
            }

            if (_skipTo >= 0)
            {
                if (reader.CurrentDepth == _skipTo && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                    _skipTo = -1;
                continue;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray when _matched == _path.Length:
                    _place = Place.Inside;
                    Keep(reader);
                    return Step.Again;
                case JsonTokenType.StartObject when _path.Length == 0:
                    // Nothing is consumed: the document is the element.
                    _place = Place.Alone;
                    return Step.Again;
                case JsonTokenType.StartObject when reader.CurrentDepth == _matched && _matched < _path.Length:
                    break;
                case JsonTokenType.PropertyName:
                    if (reader.CurrentDepth == _matched + 1 && reader.ValueTextEquals(_path[_matched]))
                        _matched++;
                    else
                        _skipTo = reader.CurrentDepth;
                    break;
                default:
                    return Step.Missing;
            }
        }
    }

    private Step Element()
    {
        var reader = new Utf8JsonReader(_window.Span, _window.Final, _state);
        if (!reader.Read())
            return Step.More;
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            _place = Place.After;
            return Step.Again;
        }

        var start = (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
            return Step.More;
        Document = _window.Memory[start..(int)reader.BytesConsumed];
        Keep(reader);
        if (_place == Place.Alone)
            _place = Place.After;
        return Step.Found;
    }

    private void Keep(in Utf8JsonReader reader)
    {
        _window.Consume((int)reader.BytesConsumed);
        _state = reader.CurrentState;
    }
}
