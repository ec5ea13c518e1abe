package ai.tandem.app.share

import com.facebook.react.bridge.WritableMap

/** Fills [map] with the item as app/src/core/NativeShareInbox.ts declares it. */
fun SharedItem.writeTo(map: WritableMap): WritableMap {
  map.putString("id", id)
  map.putString(
      "kind",
      when (this) {
        is SharedItem.Text -> "text"
        is SharedItem.ChatFile -> "file"
        is SharedItem.Refused -> "refused"
      },
  )
  map.putString("text", (this as? SharedItem.Text)?.text)
  map.putString("path", (this as? SharedItem.ChatFile)?.file?.path)
  map.putBoolean("replaceable", this is SharedItem.Text && Replacements.isExpected(id))
  map.putString("refusal", (this as? SharedItem.Refused)?.reason?.id)
  return map
}
